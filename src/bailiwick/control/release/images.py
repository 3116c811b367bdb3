"""Images: a release in the store as registries keep it, its statements beside it where cosign looks for them."""

from collections.abc import Iterable

from bailiwick.control.release.artifact_store import ArtifactStore
from bailiwick.core.oci import EMPTY, Manifest, attestation_tag, attestations, bundle_of, referrer
from bailiwick.core.statements import Envelope


def keep_image(store: ArtifactStore, image: Manifest, statements: Iterable[Envelope], tag: str) -> None:
    """Keep the image of a release under a tag, and its statements: as referrers, and under cosign's tag.

    The layers must be kept already.
    """
    statements = tuple(statements)
    store.put(EMPTY)
    store.put_manifest(image, tag)
    for envelope in statements:
        store.put(bundle_of(envelope))
        store.put_manifest(referrer(image, envelope))
    manifest, blobs = attestations(statements)
    for blob in blobs:
        store.put(blob)
    store.put_manifest(manifest, attestation_tag(image.sha256))

"""Bundles: a release with all that is said of it as an OCI image layout, made and read without a server."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bailiwick.core.artifacts import digest
from bailiwick.core.chain import Chain, TrustedKeys, VerifiedRelease, verify_chain
from bailiwick.core.oci import (
    BUNDLE_TYPE,
    EMPTY,
    LAYOUT,
    REF_NAME,
    RELEASE_TYPE,
    attestation_tag,
    attestations,
    bundle_of,
    image_of,
    index_of,
    referrer,
)
from bailiwick.core.statements import (
    APPROVAL,
    ARTIFACT,
    REVIEW_VERDICT,
    Envelope,
    SignatureError,
    Statement,
    open_statement,
    read_envelope,
)

_BLOBS = "blobs/sha256"
_DIGITS = 64
Read = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A release as it was exported: nothing of it is trusted yet."""

    image: str
    data: bytes
    layer: bytes
    chain: Chain


def layout_of(tree: str, data: bytes, layer: bytes, chain: Chain, tag: str) -> dict[str, bytes]:
    """Return the files of the image layout of a release: its image under a tag, and its statements as referrers and
    under cosign's tag. `layer` is empty where there are no dependencies.
    """
    image = image_of(tree, data, digest(layer) if layer else "", len(layer))
    statements = (chain.artifact, *chain.others)
    blobs = [EMPTY, image.data, data, *([layer] if layer else [])]
    listed = [{**image.descriptor, "annotations": {**image.annotations, REF_NAME: tag}}]
    for envelope in statements:
        manifest = referrer(image, envelope)
        blobs += [bundle_of(envelope), manifest.data]
        listed.append(manifest.descriptor)
    attested, further = attestations(statements)
    blobs += [attested.data, *further]
    listed.append({**attested.descriptor, "annotations": {REF_NAME: attestation_tag(image.sha256)}})
    files = {f"{_BLOBS}/{digest(blob)}": blob for blob in blobs}
    return {"oci-layout": LAYOUT, "index.json": index_of(listed), **files}


def read_layout(read: Read) -> Bundle:
    """Read the release of an image layout; `read` gives a file of it by its path.

    Every blob is checked against the digest that names it. Raises `SignatureError` for anything but one release.
    """
    try:
        listed = json.loads(read("index.json"))["manifests"]
        images = [item for item in listed if item.get("artifactType") == RELEASE_TYPE]
        if len(images) != 1:
            raise SignatureError(f"there must be one release in it, and there are {len(images)}")
        image = _named(images[0])
        parts = json.loads(_blob(read, image))["layers"]
        data = _blob(read, _named(parts[0]))
        layer = _blob(read, _named(parts[1])) if len(parts) > 1 else b""
        return Bundle(image, data, layer, _chain(list(_envelopes(read, listed, image))))
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as fault:
        raise SignatureError("this is not the image layout of a release") from fault


def verify_bundle(bundle: Bundle, keys: TrustedKeys, *, app: str = "") -> VerifiedRelease:
    """Check a whole release by the rules of a data plane, its dependencies and its image too.

    `app` is which app it must be of; without one, whichever its signer says. Raises `SignatureError` that names what
    fails.
    """
    try:
        artifact = open_statement(bundle.chain.artifact, keys.release, ARTIFACT)
    except SignatureError as fault:
        raise SignatureError(f"artefact: {fault.message}") from fault
    said = {name: str(artifact.predicate.get(name)) for name in ("app", "mode", "reach")}
    verified = verify_chain(
        bundle.chain, bundle.data, keys, app=app or said["app"], mode=said["mode"], reach=said["reach"]
    )
    layer = digest(bundle.layer) if bundle.layer else ""
    if layer != verified.layer:
        raise SignatureError("the dependencies are not those that the artefact was signed with")
    expected = image_of(verified.tree, bundle.data, layer, len(bundle.layer)).sha256
    if not expected == verified.image == bundle.image:
        raise SignatureError("the image is not the one that the artefact was signed with")
    return verified


def _envelopes(read: Read, listed: list[Mapping[str, Any]], image: str) -> Iterator[Envelope]:
    """Return the envelopes that refer to an image."""
    for item in listed:
        if item.get("artifactType") != BUNDLE_TYPE:
            continue
        manifest = json.loads(_blob(read, _named(item)))
        if manifest["subject"]["digest"] != f"sha256:{image}":
            continue
        bundle = json.loads(_blob(read, _named(manifest["layers"][0])))
        yield read_envelope(json.dumps(bundle["dsseEnvelope"]))


def _chain(envelopes: list[Envelope]) -> Chain:
    """Sort envelopes by what they say they are; whether they are, verification finds out."""
    kinds: dict[str, list[Envelope]] = {}
    for envelope in envelopes:
        kind = Statement.from_bytes(envelope.payload_bytes()).predicate_type
        kinds.setdefault(kind, []).append(envelope)
    approvals = tuple(kinds.pop(APPROVAL, ()))
    verdict = _only(kinds.pop(REVIEW_VERDICT, []), "review verdict")
    artifact = _only(kinds.pop(ARTIFACT, []), "statement about the artefact")
    return Chain(verdict, approvals, artifact, tuple(item for found in kinds.values() for item in found))


def _only(found: list[Envelope], what: str) -> Envelope:
    if len(found) != 1:
        raise SignatureError(f"there must be one {what}, and there are {len(found)}")
    return found[0]


def _named(descriptor: Mapping[str, Any]) -> str:
    kind, _, name = str(descriptor["digest"]).partition(":")
    if kind != "sha256" or len(name) != _DIGITS or not set(name) <= set("0123456789abcdef"):
        raise SignatureError("a blob is not named by its SHA-256")
    return name


def _blob(read: Read, name: str) -> bytes:
    data = read(f"{_BLOBS}/{name}")
    if digest(data) != name:
        raise SignatureError(f"the blob {name[:12]}… holds other bytes than its name says")
    return data

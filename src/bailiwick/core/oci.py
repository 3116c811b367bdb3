"""OCI: a release as an image manifest that any registry keeps, with its statements where cosign looks for them."""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bailiwick.core.artifacts import digest
from bailiwick.core.events import canonical_json
from bailiwick.core.statements import Envelope, Statement

# https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
RELEASE_TYPE = "application/vnd.bailiwick.release.v1"
# https://github.com/secure-systems-lab/dsse, as cosign stores attestations under a tag
ENVELOPE_TYPE = "application/vnd.dsse.envelope.v1+json"
# https://docs.sigstore.dev/about/bundle/ and cosign's BUNDLE_SPEC.md, as OCI referrers
BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
TITLE = "org.opencontainers.image.title"
REVISION = "org.opencontainers.image.revision"
REF_NAME = "org.opencontainers.image.ref.name"
APP_PART, DEPENDENCIES_PART = "app", "dependencies"
LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'
EMPTY = b"{}"
Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Part:
    """A layer of an image: what it is for, its SHA-256, and its size in bytes."""

    title: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest's bytes and what an index or a registry says of it."""

    data: bytes
    artifact_type: str
    annotations: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """The digest by which it is known, without `sha256:`."""
        return digest(self.data)

    @property
    def descriptor(self) -> Json:
        """The manifest as an index or a referrer names it."""
        found = _descriptor(MANIFEST_TYPE, self.sha256, len(self.data))
        return {**found, "artifactType": self.artifact_type, "annotations": dict(self.annotations)}


def release_manifest(parts: Iterable[Part], tree: str) -> Manifest:
    """Return the image of a release: the same for the same tree and layers, whatever release it is part of."""
    layers = [_descriptor(LAYER_TYPE, part.sha256, part.size, {TITLE: part.title}) for part in parts]
    return _manifest(RELEASE_TYPE, layers, {REVISION: tree})


def image_of(tree: str, data: bytes, layer: str, layer_bytes: int) -> Manifest:
    """Return the image of an app's packed tree and of its dependencies, which may be none (empty `layer`)."""
    parts = [Part(APP_PART, digest(data), len(data))]
    return release_manifest([*parts, *([Part(DEPENDENCIES_PART, layer, layer_bytes)] if layer else [])], tree)


def bundle_of(envelope: Envelope) -> bytes:
    """Return an envelope as a Sigstore bundle that is verified with a public key."""
    keyid = envelope.signatures[0].keyid
    written = {
        "mediaType": BUNDLE_TYPE,
        "verificationMaterial": {"publicKey": {"hint": keyid}},
        "dsseEnvelope": {
            "payload": envelope.payload,
            "payloadType": envelope.payload_type,
            "signatures": [{"sig": item.sig, "keyid": item.keyid} for item in envelope.signatures],
        },
    }
    return canonical_json(written)


def referrer(image: Manifest, envelope: Envelope) -> Manifest:
    """Return the manifest by which a registry lists a statement among the image's referrers."""
    bundle = bundle_of(envelope)
    annotations = {
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": Statement.from_bytes(envelope.payload_bytes()).predicate_type,
    }
    layers = [_descriptor(BUNDLE_TYPE, digest(bundle), len(bundle))]
    return _manifest(BUNDLE_TYPE, layers, annotations, subject=image)


def attestations(envelopes: Iterable[Envelope]) -> tuple[Manifest, list[bytes]]:
    """Return the manifest of cosign's attestation tag, and the blobs that it names."""
    blobs, layers = [], []
    for envelope in envelopes:
        data = envelope.model_dump_json(by_alias=True).encode()
        kind = Statement.from_bytes(envelope.payload_bytes()).predicate_type
        annotations = {"dev.cosignproject.cosign/signature": "", "predicateType": kind}
        layers.append(_descriptor(ENVELOPE_TYPE, digest(data), len(data), annotations))
        blobs.append(data)
    return _manifest(ENVELOPE_TYPE, layers, {}), blobs


def attestation_tag(sha256: str) -> str:
    """Return the tag under which cosign looks for the attestations of an image."""
    return f"sha256-{sha256}.att"


def index_of(manifests: Iterable[Json]) -> bytes:
    """Return the index of an image layout."""
    return canonical_json({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": list(manifests)})


def public_key_pem(public_text: str) -> str:
    """Return an Ed25519 public key (base64 of 32 bytes) as PEM, for cosign and others (RFC 8410)."""
    prefix = bytes.fromhex("302a300506032b6570032100")
    body = base64.b64encode(prefix + base64.b64decode(public_text)).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"


def _manifest(
    artifact_type: str, layers: list[Json], annotations: Mapping[str, str], subject: Manifest | None = None
) -> Manifest:
    content: Json = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": artifact_type,
        "config": _descriptor(EMPTY_TYPE, digest(EMPTY), len(EMPTY)),
        "layers": layers,
        **({"annotations": dict(annotations)} if annotations else {}),
    }
    if subject is not None:
        content["subject"] = _descriptor(MANIFEST_TYPE, subject.sha256, len(subject.data))
    return Manifest(canonical_json(content), artifact_type, annotations)


def _descriptor(media_type: str, sha256: str, size: int, annotations: Mapping[str, str] | None = None) -> Json:
    found: Json = {"mediaType": media_type, "digest": f"sha256:{sha256}", "size": size}
    return {**found, "annotations": dict(annotations)} if annotations else found

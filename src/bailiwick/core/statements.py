"""Signed statements: in-toto v1 statements in DSSE envelopes, made and verified with Ed25519."""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bailiwick.core.errors import BailiwickError
from bailiwick.core.events import canonical_json

# https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
# https://github.com/secure-systems-lab/dsse/blob/master/envelope.md
PAYLOAD_TYPE = "application/vnd.in-toto+json"

REVIEW_VERDICT = "https://bailiwick.example/attestations/review-verdict/v1"
APPROVAL = "https://bailiwick.example/attestations/approval/v1"
REHEARSAL = "https://bailiwick.example/attestations/migration-rehearsal/v1"
GATE = "https://bailiwick.example/attestations/deploy-gate/v1"
ARTIFACT = "https://bailiwick.example/attestations/artifact/v1"


class SignatureError(BailiwickError):
    """An envelope or its statement is not what it must be; the words say which check failed."""

    code = "statement.not-verified"
    status = 422


class Signature(BaseModel):
    """One signature of an envelope: which key, and the signature in base64."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    keyid: str
    sig: str


class Envelope(BaseModel):
    """A DSSE envelope: the payload in base64, its type, and the signatures over both."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    payload: str
    payload_type: str = Field(validation_alias="payloadType", serialization_alias="payloadType")
    signatures: tuple[Signature, ...]

    def payload_bytes(self) -> bytes:
        """Return the payload; raise `SignatureError` when it is not base64."""
        return _unbase64(self.payload)


@dataclass(frozen=True, slots=True)
class Statement:
    """An in-toto statement: `subjects` maps a name to its digests, `predicate` says something about them."""

    predicate_type: str
    subjects: Mapping[str, Mapping[str, str]]
    predicate: Mapping[str, object]

    def to_bytes(self) -> bytes:
        """Return the canonical JSON of the statement."""
        subject = [{"name": name, "digest": dict(digest)} for name, digest in sorted(self.subjects.items())]
        return canonical_json(
            {
                "_type": STATEMENT_TYPE,
                "subject": subject,
                "predicateType": self.predicate_type,
                "predicate": dict(self.predicate),
            }
        )

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read a statement; raise `SignatureError` when it is not one."""
        try:
            document = json.loads(payload)
            if document["_type"] != STATEMENT_TYPE:
                raise SignatureError(f"expected a statement of type {STATEMENT_TYPE}, found {document['_type']!r:.80}")
            subjects = {str(item["name"]): dict(item["digest"]) for item in document["subject"]}
            return cls(str(document["predicateType"]), subjects, dict(document["predicate"]))
        except (ValueError, KeyError, TypeError) as fault:
            raise SignatureError("the payload is not an in-toto statement") from fault


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with the id under which its public half is known; it never shows itself."""

    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        """Return a new key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_raw(cls, raw: bytes) -> Self:
        """Return the key of 32 raw bytes."""
        return cls(Ed25519PrivateKey.from_private_bytes(raw))

    def to_raw(self) -> bytes:
        """Return the 32 raw bytes, for sealing in the vault only."""
        return self.private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())

    @property
    def public_text(self) -> str:
        """The public key as base64 of its 32 raw bytes."""
        raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b64encode(raw).decode()

    @property
    def key_id(self) -> str:
        """The id of the key."""
        return key_id(self.public_text)

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature (RFC 8032) of a message."""
        return self.private.sign(message)


def key_id(public_text: str) -> str:
    """Return the id of a public key: `ed25519:` and the first 16 hex digits of its SHA-256."""
    return "ed25519:" + hashlib.sha256(_unbase64(public_text)).hexdigest()[:16]


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise SignatureError("a field that must be base64 is not") from fault


def _pre_authentication(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that are signed (DSSE protocol, PAE)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def seal(payload: bytes, key: SigningKey, payload_type: str = PAYLOAD_TYPE) -> Envelope:
    """Return the payload in an envelope signed with `key`."""
    signature = base64.b64encode(key.sign(_pre_authentication(payload_type, payload))).decode()
    return Envelope(
        payload=base64.b64encode(payload).decode(),
        payload_type=payload_type,
        signatures=(Signature(keyid=key.key_id, sig=signature),),
    )


def sign_statement(statement: Statement, key: SigningKey) -> Envelope:
    """Return the statement in an envelope signed with `key`."""
    return seal(statement.to_bytes(), key)


@dataclass(frozen=True, slots=True)
class Keyring:
    """The public keys that are trusted for one purpose, by id; `ended` says of those that were, what became of them."""

    keys: Mapping[str, str]
    ended: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, public_texts: Iterable[str]) -> Self:
        """Return the ring of these public keys (base64)."""
        return cls({key_id(text): text for text in public_texts})

    def verify(self, message: bytes, keyid: str, signature: bytes) -> None:
        """Return when the signature is good under the trusted key `keyid`; raise `SignatureError` otherwise."""
        public = self.keys.get(keyid)
        if public is None and keyid in self.ended:
            raise SignatureError(f"signed by the key {keyid}, which {self.ended[keyid]}")
        if public is None:
            raise SignatureError(f"signed by a key that is not trusted here: {keyid[:40]!r}")
        try:
            Ed25519PublicKey.from_public_bytes(_unbase64(public)).verify(signature, message)
        except (InvalidSignature, ValueError) as fault:
            raise SignatureError(f"the signature of {keyid} does not fit what it signs") from fault


def open_envelope(envelope: Envelope, ring: Keyring, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """Return the payload when a trusted key signed it and no signature is bad; raise `SignatureError` otherwise."""
    if envelope.payload_type != payload_type:
        raise SignatureError(f"expected a payload of type {payload_type}, found {envelope.payload_type!r:.80}")
    if not envelope.signatures:
        raise SignatureError("the envelope carries no signature")
    payload = envelope.payload_bytes()
    message = _pre_authentication(envelope.payload_type, payload)
    for signature in envelope.signatures:
        ring.verify(message, signature.keyid, _unbase64(signature.sig))
    return payload


def open_by_several(envelope: Envelope, ring: Keyring, least: int, payload_type: str) -> bytes:
    """Return the payload when `least` different trusted keys signed it; signatures of keys that are not trusted do not
    count, and a bad one of a trusted key spoils it. Raises `SignatureError` otherwise.
    """
    own = [signature for signature in envelope.signatures if signature.keyid in ring.keys]
    signers = {signature.keyid for signature in own}
    if not own or len(signers) < least:
        raise SignatureError(f"{len(signers)} of the trusted keys signed it, and {least} must")
    return open_envelope(envelope.model_copy(update={"signatures": tuple(own)}), ring, payload_type)


def seal_by_several(payload: bytes, keys: Iterable[SigningKey], payload_type: str) -> Envelope:
    """Return the payload in one envelope that each of these keys signed."""
    envelopes = [seal(payload, key, payload_type) for key in keys]
    return envelopes[0].model_copy(update={"signatures": tuple(each.signatures[0] for each in envelopes)})


def open_statement(envelope: Envelope, ring: Keyring, predicate_type: str) -> Statement:
    """Return the statement when it verifies and says what is expected; raise `SignatureError` otherwise."""
    statement = Statement.from_bytes(open_envelope(envelope, ring))
    if statement.predicate_type != predicate_type:
        raise SignatureError(f"expected {predicate_type}, found {statement.predicate_type!r:.120}")
    return statement


def read_envelope(text: str | bytes) -> Envelope:
    """Read an envelope from JSON; raise `SignatureError` when it is not one."""
    try:
        return Envelope.model_validate_json(text)
    except ValidationError as fault:
        raise SignatureError("not a DSSE envelope") from fault

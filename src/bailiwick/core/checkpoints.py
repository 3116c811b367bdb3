"""Checkpoints of the audit log: signed sizes and roots, and what two of them say about the log between them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bailiwick.core.errors import BailiwickError
from bailiwick.core.events import canonical_json
from bailiwick.core.merkle import verify_consistency, verify_inclusion
from bailiwick.core.statements import Envelope, Keyring, SignatureError, SigningKey, open_envelope, read_envelope, seal

CHECKPOINT_TYPE = "application/vnd.bailiwick.checkpoint.v1+json"
_HASH_HEX = 64


class ProofError(BailiwickError):
    """A proof or checkpoint about the audit log does not hold; the words say which and what that means."""

    code = "audit.not-proved"
    status = 422


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log of a tenant had `size` events with this root (hex) at `time`."""

    tenant: str
    size: int
    root: str
    time: datetime

    def to_bytes(self) -> bytes:
        """Return the canonical JSON that is signed."""
        moment = self.time.astimezone(UTC).isoformat(timespec="milliseconds")
        return canonical_json({"tenant": self.tenant, "size": self.size, "root": self.root, "time": moment})

    @property
    def root_bytes(self) -> bytes:
        """The root as 32 bytes."""
        return bytes.fromhex(self.root)


def seal_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> Envelope:
    """Return the checkpoint in a signed envelope."""
    return seal(checkpoint.to_bytes(), key, CHECKPOINT_TYPE)


def open_checkpoint(envelope: Mapping[str, object] | Envelope, ring: Keyring) -> Checkpoint:
    """Return what a signed checkpoint says; raise `SignatureError` when it does not verify or is none."""
    if not isinstance(envelope, Envelope):
        envelope = read_envelope(json.dumps(envelope))
    payload = open_envelope(envelope, ring, CHECKPOINT_TYPE)
    try:
        content = json.loads(payload)
        found = Checkpoint(
            str(content["tenant"]), int(content["size"]), str(content["root"]), datetime.fromisoformat(content["time"])
        )
        if found.size < 0 or len(found.root_bytes) * 2 != _HASH_HEX:
            raise ValueError("a size or root that cannot be")
    except (ValueError, KeyError, TypeError) as fault:
        raise SignatureError("the payload is not a checkpoint") from fault
    return found


def check_inclusion(checkpoint: Checkpoint, sequence: int, leaf: bytes, proof: Sequence[str]) -> None:
    """Return when the proof (hex hashes) shows the leaf at `sequence` of the log; else raise `ProofError`."""
    if sequence >= checkpoint.size:
        raise ProofError(
            f"event {sequence} is not covered by the checkpoint of {checkpoint.size} events",
            hint="ask again in a second, when a newer checkpoint is signed",
        )
    if not verify_inclusion(leaf, sequence, checkpoint.size, _hashes(proof), checkpoint.root_bytes):
        raise ProofError(
            f"the proof does not lead from event {sequence} to the signed root",
            hint="the event or the proof was changed; keep both, and compare with an export",
        )


def check_growth(older: Checkpoint, newer: Checkpoint, proof: Sequence[str]) -> None:
    """Return when the log of the newer checkpoint only adds to that of the older; else raise `ProofError`.

    `proof` is the consistency proof (hex hashes) from the older size to the newer one.
    """
    if older.tenant != newer.tenant:
        raise ProofError(f"the checkpoints are of two logs: '{older.tenant}' and '{newer.tenant}'")
    if newer.size < older.size:
        raise ProofError(
            f"the log was cut: it had {older.size} events and a signed root, and now it has {newer.size}",
            hint="keep both checkpoints: they are the evidence",
        )
    if newer.size == older.size and newer.root != older.root:
        raise ProofError(
            f"split view: two signed checkpoints say different things of the same {newer.size} events",
            hint="keep both checkpoints: they are the evidence",
        )
    if not verify_consistency(older.size, newer.size, older.root_bytes, newer.root_bytes, _hashes(proof)):
        raise ProofError(
            f"the log was rewritten, or the proof changed: the first {older.size} events are not those signed before",
            hint="keep both checkpoints: they are the evidence",
        )


def _hashes(texts: Sequence[str]) -> list[bytes]:
    try:
        hashes = [bytes.fromhex(text) for text in texts]
    except (ValueError, TypeError) as fault:
        raise ProofError("the proof holds something that is not a hash in hex") from fault
    if any(len(item) * 2 != _HASH_HEX for item in hashes):
        raise ProofError("the proof holds a hash that is not 32 bytes long")
    return hashes

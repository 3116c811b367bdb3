"""Signed notes: the form in which other people's tools for transparency logs take a checkpoint."""

# https://github.com/C2SP/C2SP/blob/main/signed-note.md and tlog-checkpoint.md

import base64
import hashlib

from bailiwick.core.checkpoints import Checkpoint
from bailiwick.core.statements import SigningKey


def key_hash(name: str, public_text: str) -> bytes:
    """Return the four bytes by which a signed note names an Ed25519 key (C2SP signed-note)."""
    return hashlib.sha256(name.encode() + b"\n\x01" + base64.b64decode(public_text)).digest()[:4]


def signed_note(checkpoint: Checkpoint, origin: str, key: SigningKey) -> str:
    """Return the checkpoint as C2SP tlog-checkpoint has it, signed as a note under the name `origin`."""
    root = base64.b64encode(checkpoint.root_bytes).decode()
    text = f"{origin}\n{checkpoint.size}\n{root}\n"
    signature = base64.b64encode(key_hash(origin, key.public_text) + key.sign(text.encode())).decode()
    return f"{text}\n— {origin} {signature}\n"


def verifier_key(origin: str, public_text: str) -> str:
    """Return the key as verifiers of signed notes take it: name, key hash and key (C2SP signed-note)."""
    key = base64.b64encode(b"\x01" + base64.b64decode(public_text)).decode()
    return f"{origin}+{key_hash(origin, public_text).hex()}+{key}"

"""Seals one record: AES-256-GCM with a fresh nonce before the ciphertext, bound to what the record is."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bailiwick.control.vault.errors import SealBrokenError

_NONCE_BYTES = 12  # NIST SP 800-38D, section 8.2.2: random, for far fewer than 2^32 records under one key


def binding(tenant: str, kind: str, name: str, version: int) -> bytes:
    """Return what a record is bound to, so that none is moved to another place or tenant."""
    return f"{tenant}|{kind}|{name}|{version}".encode()


def seal(cipher: AESGCM, content: bytes, bound_to: bytes) -> bytes:
    """Return the record, sealed."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, content, bound_to)


def unseal(cipher: AESGCM, sealed: bytes, bound_to: bytes, what: str) -> bytes:
    """Return what was sealed; raise `SealBrokenError` about `what` when it was changed or moved."""
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError):
        raise SealBrokenError(
            f"the {what} does not open: it was changed or moved",
            hint="store it again, and find out who wrote to the database",
        ) from None

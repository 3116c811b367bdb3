"""The vault's key in a backup: wrapped by a passphrase, or left out."""

import base64
import json
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from bailiwick.control.backup.errors import BackupBrokenError
from bailiwick.core.errors import InvalidInputError

_LEAST_CHARACTERS = 16
_SALT_BYTES = 16
_NONCE_BYTES = 12
_KEY_BYTES = 32
# scrypt (RFC 7914): 64 MiB and some tenths of a second for each guess.
_COST, _BLOCK, _LANES = 2**16, 8, 1
_BOUND_TO = b"bailiwick-backup/1 vault.key"


def read_passphrase(path: Path) -> bytes:
    """Return the passphrase of a file, without the line's end; raise `InvalidInputError` when it is too short."""
    try:
        passphrase = path.read_bytes().rstrip(b"\r\n")
    except OSError as fault:
        raise InvalidInputError(f"the passphrase in {path} cannot be read: {fault.strerror}") from None
    if len(passphrase) < _LEAST_CHARACTERS:
        raise InvalidInputError(
            f"the passphrase in {path} is shorter than {_LEAST_CHARACTERS} characters",
            hint="it guards every secret of the installation: openssl rand -base64 32",
        )
    return passphrase


def wrap_key(key: bytes, passphrase: bytes) -> bytes:
    """Return the vault's key wrapped by a passphrase, as JSON."""
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    sealed = AESGCM(_derived(passphrase, salt)).encrypt(nonce, key, _BOUND_TO)
    parts = {"kdf": "scrypt", "salt": salt, "nonce": nonce, "sealed": sealed}
    text = {
        key: base64.b64encode(value).decode() if isinstance(value, bytes) else value for key, value in parts.items()
    }
    return json.dumps(text).encode()


def unwrap_key(wrapped: bytes, passphrase: bytes) -> bytes:
    """Return the vault's key; raise `BackupBrokenError` when the passphrase is another or the wrapping was changed."""
    try:
        document = json.loads(wrapped)
        salt, nonce, sealed = (base64.b64decode(document[name]) for name in ("salt", "nonce", "sealed"))
        return AESGCM(_derived(passphrase, salt)).decrypt(nonce, sealed, _BOUND_TO)
    except (InvalidTag, ValueError, KeyError, TypeError):
        raise BackupBrokenError(
            "the key in the backup does not open with this passphrase", hint="give the one that it was made with"
        ) from None


def _derived(passphrase: bytes, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=_KEY_BYTES, n=_COST, r=_BLOCK, p=_LANES).derive(passphrase)

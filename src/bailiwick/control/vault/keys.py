"""The key hierarchy's top: whoever wraps and unwraps the keys of tenants; by default a file of the host."""

import os
import stat
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from bailiwick.control.vault.errors import KeyUnavailableError

KEY_BYTES = 32


class KeyProvider(Protocol):
    """Wraps and unwraps keys of 32 bytes; the key that does it never leaves the provider."""

    @property
    def kek_id(self) -> str:
        """Return the name of the wrapping key, kept beside what it wrapped."""

    def wrap(self, key: bytes) -> bytes:
        """Return the key, wrapped."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the key; raise `KeyUnavailableError` when it cannot be had."""


def unwrap(key: bytes, wrapped: bytes) -> bytes:
    """Return what a key of a file wrapped; raise `KeyUnavailableError` when another did, or it was changed."""
    try:
        return aes_key_unwrap(key, wrapped)
    except (InvalidUnwrap, ValueError) as fault:
        raise KeyUnavailableError(
            "a key of the vault does not open with the key file",
            hint="restore the key file that the vault was made with",
        ) from fault


class LocalFileKeyProvider:
    """A wrapping key in a file of 32 bytes that only its owner may read (AES key wrap, RFC 3394)."""

    def __init__(self, path: Path) -> None:
        """Take the key of `path`, making it at the first time; raise `KeyUnavailableError` when others may read it."""
        self._make(path)
        status = path.stat()
        if stat.S_IMODE(status.st_mode) & 0o077 or status.st_uid != os.geteuid():
            raise KeyUnavailableError(
                f"{path} may be read by others than its owner",
                hint=f"chown it to this process's user and: chmod 600 {path}",
            )
        self._key = path.read_bytes()
        if len(self._key) != KEY_BYTES:
            raise KeyUnavailableError(f"{path} is not a key of {KEY_BYTES} bytes", hint="restore it from your backup")

    def __repr__(self) -> str:
        return f"LocalFileKeyProvider({self.kek_id})"

    @property
    def kek_id(self) -> str:
        """The name of the key."""
        return "local-file"

    def wrap(self, key: bytes) -> bytes:
        """Return the key, wrapped."""
        return aes_key_wrap(self._key, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the key; raise `KeyUnavailableError` when another key wrapped it or it was changed."""
        return unwrap(self._key, wrapped)

    @staticmethod
    def _make(path: Path) -> None:
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        if path.exists():
            return
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as target:
            target.write(os.urandom(KEY_BYTES))
        try:
            os.link(unfinished, path)  # fails when another process was faster: then its key counts
        except FileExistsError:
            pass
        finally:
            unfinished.unlink()

"""The company's key in a file of the host, which is the default: 32 bytes that only their owner may read.

While another key takes its place there are two files: `vault.key` and `vault.key.next`, which wraps already. Once
nothing is wrapped by the first any more, the second gets its name.
"""

import hashlib
import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from bailiwick.control.vault.errors import KeyUnavailableError
from bailiwick.control.vault.keys.provider import KEY_BYTES, Wrapped

KIND = "local-file"
_SHOWN = 16


def unwrap(key: bytes, blob: bytes) -> bytes:
    """Return what a key of a file wrapped; raise `KeyUnavailableError` when another did, or it was changed."""
    try:
        return aes_key_unwrap(key, blob)
    except (InvalidUnwrap, ValueError) as fault:
        raise KeyUnavailableError(
            "a key of the vault does not open with the key file",
            hint="restore the key file that the vault was made with",
        ) from fault


def key_id(key: bytes) -> str:
    """Return the name of a key of a file: a digest, which gives nothing of 32 random bytes away."""
    return f"{KIND}:{hashlib.sha256(b'bailiwick vault key ' + key).hexdigest()[:_SHOWN]}"


class LocalFileKeyProvider:
    """AES key wrap (RFC 3394) by a file; it cannot bind a key to its tenant, whose id every ciphertext is bound to."""

    def __init__(self, path: Path) -> None:
        """Take the key of `path`, making it at the first time; raise `KeyUnavailableError` when others may read it."""
        self._path, self._next = path, _next(path)
        if not path.exists():
            _make(path)
        self._keys = self._read()

    def __repr__(self) -> str:
        return f"LocalFileKeyProvider({self._path})"

    @property
    def kind(self) -> str:
        """What the settings call it."""
        return KIND

    @property
    def content(self) -> bytes:
        """The key that wraps, for backups, which wrap it in turn."""
        return self._held()[self.present()]

    def present(self) -> str:
        """Return the name of the newest key."""
        return next(reversed(self._held()))

    def wrap(self, key: bytes, tenant: str) -> Wrapped:  # noqa: ARG002 - key wrap binds to nothing
        """Return the key, wrapped."""
        return Wrapped(self.present(), aes_key_wrap(self.content, key))

    def unwrap(self, wrapped: Wrapped, tenant: str) -> bytes:  # noqa: ARG002
        """Return the key; raise `KeyUnavailableError` when another key wrapped it or it was changed."""
        if wrapped.kek_id == KIND:  # what was wrapped before keys had names
            return unwrap(next(iter(self._held().values())), wrapped.blob)
        if wrapped.kek_id not in self._keys:
            self._keys = self._read()  # another process may have made another one
        key = self._keys.get(wrapped.kek_id)
        if key is None:
            raise KeyUnavailableError(
                f"{self._path} is not the key that wrapped this ({wrapped.kek_id})",
                hint="restore the key file that the vault was made with",
            )
        return unwrap(key, wrapped.blob)

    def rotate(self) -> str:
        """Make the next file; one that an earlier rotation left behind unfinished is taken."""
        if not self._next.exists():
            _make(self._next)
        self._keys = self._read()
        return self.present()

    def settle(self) -> None:
        """Put the next file in the place of the one before, which is gone with that."""
        if self._next.exists():
            self._next.replace(self._path)
            _sync(self._path.parent)
        self._keys = self._read()

    def destroy(self) -> str:
        """Overwrite and remove the files. What copies of them there are, backups among them, is not known here."""
        for path in (self._next, self._path):
            if path.exists():
                _overwrite(path)
                path.unlink()
        _sync(self._path.parent)
        self._keys = {}
        return f"{self._path} is gone; copies of it, and backups that hold it wrapped, still open what they hold"

    def _held(self) -> dict[str, bytes]:
        """Return the keys; raise `KeyUnavailableError` once they were destroyed."""
        return self._keys or self._read()

    def _read(self) -> dict[str, bytes]:
        """Return the keys by name, the newest last."""
        found = [_content(path) for path in (self._path, self._next) if path.exists()]
        if not found:
            raise KeyUnavailableError(f"{self._path} is gone", hint="restore it: nothing secret opens without it")
        return {key_id(key): key for key in found}


class FormerFileKeyProvider(LocalFileKeyProvider):
    """A file whose place another provider takes: read when it is needed, and never made."""

    def __init__(self, path: Path) -> None:
        """Remember where the key is; nothing is read until it is needed."""
        self._path, self._next = path, _next(path)
        self._keys = {}


def _next(path: Path) -> Path:
    return path.with_name(f"{path.name}.next")


def _content(path: Path) -> bytes:
    status = path.stat()
    if stat.S_IMODE(status.st_mode) & 0o077 or status.st_uid != os.geteuid():
        raise KeyUnavailableError(
            f"{path} may be read by others than its owner",
            hint=f"chown it to this process's user and: chmod 600 {path}",
        )
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise KeyUnavailableError(f"{path} is not a key of {KEY_BYTES} bytes", hint="restore it from your backup")
    return key


def _make(path: Path) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        target.write(os.urandom(KEY_BYTES))
        target.flush()
        os.fsync(target.fileno())
    try:
        os.link(unfinished, path)  # fails when another process was faster: then its key counts
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()
    _sync(path.parent)


def _overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(os.urandom(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

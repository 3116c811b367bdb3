"""Puts a backup in place of what is there: the database in one transaction, then the files."""

import os
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bailiwick.control.backup.archive import Piece, reading
from bailiwick.control.backup.checking import Checked
from bailiwick.control.backup.errors import BackupBrokenError, NotEmptyError
from bailiwick.control.backup.model import DATABASE, STATE, VAULT_KEY
from bailiwick.core.clock import Clock
from bailiwick.core.errors import UnavailableError
from bailiwick.store.dump import is_empty, load, others_are_connected

_INCOMING = ".restoring"
_REPLACED = ".replaced"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a backup is restored to: the database's address and the state directory."""

    url: str
    state: Path


def require_empty(target: Target) -> None:
    """Return when nothing is here that a restore would write over; raise `NotEmptyError` otherwise."""
    if not is_empty(target.url) or _things_in(target.state):
        raise NotEmptyError(
            "an installation is here already", hint="--replace puts the backup in its place; what was here is then gone"
        )


def require_stopped(target: Target) -> None:
    """Return when nobody works with the database; raise `NotEmptyError` otherwise."""
    if others_are_connected(target.url):
        raise NotEmptyError("the control plane is running, or somebody else is connected", hint="stop it first")


def restore(checked: Checked, target: Target, clock: Clock) -> None:
    """Put a backup in place of everything that is here.

    Files are unpacked beside their places first and move there once the database has taken its part, which it does
    whole or not at all; every byte is compared with the manifest again. What was in the state directory stays in a
    folder `.replaced-…` there. Safe to repeat when it was broken off.
    """
    incoming = target.state / _INCOMING
    try:
        target.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.rmtree(incoming, ignore_errors=True)
        incoming.mkdir(mode=0o700)
        with reading(checked.path) as archive:
            load(target.url, _database(archive, checked, incoming))
        if checked.vault_key is not None:
            _write_key(incoming / VAULT_KEY, checked.vault_key)
        _swap(target.state, incoming, f"{_REPLACED}-{clock():%Y%m%d-%H%M%S}")
    except OSError as fault:
        raise UnavailableError(
            f"the backup could not be restored: {fault.strerror or fault}",
            hint="make room, or let this user write there; then restore again with --replace",
        ) from fault


def find_key(state: Path) -> Path:
    """Return where the vault's key is, also after a restore that was killed while it moved files."""
    aside = sorted(state.glob(f"{_REPLACED}-*/{VAULT_KEY}"), reverse=True)
    places = (state / VAULT_KEY, state / _INCOMING / VAULT_KEY, *aside)
    return next((place for place in places if place.exists()), state / VAULT_KEY)


def _database(archive: Iterator[Piece], checked: Checked, incoming: Path) -> Iterator[bytes]:
    """Yield the database's SQL; write the files on the way, so that the database is taken only when all are here."""
    for piece in archive:
        if piece.name.startswith(DATABASE):
            content = piece.whole()
            _require_as_checked(piece, checked)
            yield zlib.decompress(content, wbits=31)  # with gzip's header
        elif piece.name.startswith(STATE):
            _write(piece, incoming / piece.name.removeprefix(STATE))
            _require_as_checked(piece, checked)


def _require_as_checked(piece: Piece, checked: Checked) -> None:
    if piece.entry() != checked.entries.get(piece.name):
        raise BackupBrokenError(f"the backup changed while it was restored: {piece.name[:80]!r}")


def _write(piece: Piece, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for content in piece.pieces():
            file.write(content)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(piece.mode)


def _write_key(path: Path, key: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        os.fsync(file.fileno())


def _swap(state: Path, incoming: Path, replaced: str) -> None:
    before = _things_in(state)
    if before:
        (state / replaced).mkdir(mode=0o700)
    for thing in before:
        thing.rename(state / replaced / thing.name)
    for thing in list(incoming.iterdir()):
        thing.rename(state / thing.name)
    incoming.rmdir()


def _things_in(state: Path) -> list[Path]:
    """Return what is in the state directory, without what restores keep there."""
    return sorted(path for path in state.iterdir() if not path.name.startswith(".")) if state.exists() else []

"""The archive that a backup is: a plain tar, written and read as a stream, with a digest of everything in it."""

import hashlib
import io
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bailiwick.control.backup.errors import BackupBrokenError
from bailiwick.control.backup.model import Entry

_PIECE = 2**20
# What names may look like: relative, without a step that is empty or climbs.
_STEP = re.compile(r"(?!\.{1,2}$)[^/\x00-\x1f]+")
_MOST_MANIFEST_BYTES = 256 * 2**20


class ArchiveWriter:
    """Adds entries to an archive and remembers what they are."""

    def __init__(self, target: IO[bytes]) -> None:
        self._tar = tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - closed by close()
        self.entries: list[Entry] = []

    def add_bytes(self, name: str, content: bytes) -> None:
        """Add an entry from memory."""
        self._add(name, len(content), 0o600, io.BytesIO(content))

    def add_file(self, name: str, path: Path) -> None:
        """Add a file of the disk as it is when it is opened; one that is gone by now is left out."""
        try:
            source = path.open("rb")
        except FileNotFoundError:
            return
        with source:
            status = path.stat()
            size = source.seek(0, io.SEEK_END)
            source.seek(0)
            self._add(name, size, status.st_mode & 0o777, source)

    def close(self) -> None:
        """Write the end of the archive."""
        self._tar.close()

    def _add(self, name: str, size: int, mode: int, source: IO[bytes]) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, mode
        reading = _Digesting(source)
        self._tar.addfile(member, reading)  # asks for read() only
        self.entries.append(Entry(name=name, size=size, sha256=reading.hexdigest, mode=mode))


class _Digesting:
    """A source whose digest is taken while it is read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._digest = hashlib.sha256()

    @property
    def hexdigest(self) -> str:
        return self._digest.hexdigest()

    def read(self, size: int = -1) -> bytes:
        piece = self._source.read(size)
        self._digest.update(piece)
        return piece


class Piece:
    """One entry while it is read: its name, size and mode, and its bytes."""

    def __init__(self, member: tarfile.TarInfo, source: IO[bytes]) -> None:
        self.name, self.size, self.mode = member.name, member.size, member.mode & 0o777
        self._reading = _Digesting(source)

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes, a mebibyte at most at a time."""
        while piece := self._reading.read(_PIECE):
            yield piece

    def whole(self) -> bytes:
        """Return the bytes; raise `BackupBrokenError` for more than any manifest has."""
        if self.size > _MOST_MANIFEST_BYTES:
            raise BackupBrokenError(f"the backup holds a part that is too large: {self.name[:80]}")
        return b"".join(self.pieces())

    def entry(self) -> Entry:
        """Return what it was, after its bytes were read."""
        return Entry(name=self.name, size=self.size, sha256=self._reading.hexdigest, mode=self.mode)


@contextmanager
def reading(path: Path) -> Iterator[Iterator[Piece]]:
    """Yield the entries of an archive in order; raise `BackupBrokenError` for whatever is no archive of ours."""
    try:
        with path.open("rb") as source, tarfile.open(fileobj=source, mode="r|") as archive:
            yield _pieces(archive)
    except (tarfile.TarError, EOFError) as fault:
        raise BackupBrokenError(
            f"{path} is no backup, or a part of one: {fault}", hint="it was cut, or never finished: take another"
        ) from None
    except OSError as fault:
        raise BackupBrokenError(f"{path} cannot be read: {fault.strerror or fault}") from None


def _pieces(archive: tarfile.TarFile) -> Iterator[Piece]:
    for member in archive:
        source = archive.extractfile(member) if member.isreg() else None
        if source is None or not all(_STEP.fullmatch(step) for step in member.name.split("/")):
            raise BackupBrokenError(f"the backup holds what no backup holds: {member.name[:80]!r}")
        yield Piece(member, source)

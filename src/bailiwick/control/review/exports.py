"""Exports that people bring: zip files, folders, JSON and JSON-lines files, read record by record within limits.

What is made of them takes the place of what was there at once, or not at all.
"""

import contextlib
import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from bailiwick.core.errors import BailiwickError

_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class Terms:
    """How much an export may hold, which error says that it is none, and what should be given instead.

    `lines` says that files of JSON lines are taken too.
    """

    error: Callable[..., BailiwickError]
    give: str
    max_record_bytes: int
    max_records: int
    max_bytes: int
    lines: bool = False


@dataclass
class Tally:
    """What was read so far: how many records, how many bytes, and which could not be read."""

    records: int = 0
    total_bytes: int = 0
    unreadable: list[str] = field(default_factory=list)

    def skip(self, name: str, words: str) -> None:
        """Remember a record that cannot be read, and why."""
        self.unreadable.append(f"{name[:80]}: {words[:80]}")


def records(export: Path, terms: Terms, tally: Tally) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of each record of an export; those that are too large are only counted.

    Raises the error of the terms: it cannot be read, or holds too much.
    """
    for name, size, content in _raw(export, terms):
        tally.records += 1
        tally.total_bytes += size
        if tally.records > terms.max_records or tally.total_bytes > terms.max_bytes:
            raise terms.error(
                f"{export.name} holds more than {terms.max_records:,} records or {terms.max_bytes // 2**30} GiB",
                hint=terms.give,
            )
        if size > terms.max_record_bytes or content is None:
            tally.skip(name, f"{size:,} bytes")
        else:
            yield name, content


def digest(export: Path) -> str:
    """Return the SHA-256 of a file in hex; of a folder, that of the names and contents of its JSON files."""
    if export.is_file():
        with export.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    total = hashlib.sha256()
    for path in _files(export):
        with path.open("rb") as stream:
            name = path.relative_to(export).as_posix()
            total.update(f"{name}\0{hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a new file to fill, which takes the place of a target when the block ends well, and vanishes otherwise."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}-")
    os.close(handle)
    new = Path(name)
    try:
        yield new
        with new.open("rb") as written:
            os.fsync(written.fileno())
        # Workers of reviews read it with a uid of their own; the folder is what keeps others away.
        new.chmod(0o644)
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)


def _files(folder: Path, *, lines: bool = True) -> list[Path]:
    endings = (".json", *_LINES) if lines else (".json",)
    return sorted(path for path in folder.rglob("*") if path.suffix in endings and path.is_file())


def _raw(export: Path, terms: Terms) -> Iterator[tuple[str, int, bytes | None]]:
    """Yield (name, bytes, content) of each record of an export; no content where it is too large to be one."""
    try:
        if export.is_dir():
            for path in _files(export, lines=terms.lines):
                yield from _opened(path, terms)
        elif export.suffix == ".json" or (terms.lines and export.suffix in _LINES):
            yield from _opened(export, terms)
        else:
            yield from _zipped(export, terms)
    except (OSError, zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as fault:
        words = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
        raise terms.error(f"{export.name} cannot be read: {words}", hint=terms.give) from None


def _opened(path: Path, terms: Terms) -> Iterator[tuple[str, int, bytes | None]]:
    with path.open("rb") as stream:
        yield from _of(stream, path.name, path.stat().st_size, terms)


def _zipped(export: Path, terms: Terms) -> Iterator[tuple[str, int, bytes | None]]:
    with zipfile.ZipFile(export) as archive:
        for member in archive.infolist():
            if member.filename.endswith((".json", *_LINES) if terms.lines else ".json"):
                with archive.open(member) as stream:
                    yield from _of(stream, member.filename, member.file_size, terms)


def _of(stream: IO[bytes], name: str, size: int, terms: Terms) -> Iterator[tuple[str, int, bytes | None]]:
    """Yield the one record of a JSON file, or each line of others, never more of it than a record may have."""
    most = terms.max_record_bytes
    if name.endswith(".json"):
        # Never more than the size that an archive says: it may say less than there is.
        yield name, size, None if size > most else stream.read(size + 1)
        return
    number = 0
    while line := stream.readline(most + 1):
        number += 1
        length, whole = len(line), line
        while not line.endswith(b"\n") and (line := stream.readline(most + 1)):
            length += len(line)
        if length > most:
            yield f"{name}:{number}", length, None
        elif whole.strip():
            yield f"{name}:{number}", length, whole

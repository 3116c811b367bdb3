"""Files out of an archive that somebody sent: plain files only, bounded in number and size while they are unpacked."""

import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from bailiwick.core.artifacts import MAX_BYTES, MAX_FILES, TreeFile
from bailiwick.core.errors import InvalidInputError

_TAR = frozenset({"application/x-tar", "application/gzip", "application/x-gzip"})
_ZIP = frozenset({"application/zip"})
MEDIA_TYPES = _TAR | _ZIP
_UNIX = 3
_KIND = 0o170000
_LINK, _PLAIN = 0o120000, 0o100000


def files_of(body: bytes, media_type: str) -> list[TreeFile]:
    """Return the files of a tar, tar.gz or zip archive; raise `InvalidInputError` for what is none, or holds links."""
    try:
        return list(_bounded(_from_zip(body) if media_type in _ZIP else _from_tar(body)))
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
        raise InvalidInputError("this archive cannot be read", hint="send tar, tar.gz or zip, not encrypted") from None


def _bounded(entries: Iterator[tuple[str, IO[bytes], bool]]) -> Iterator[TreeFile]:
    """Yield files as long as they are not too many: what an archive says of sizes is not believed."""
    left = MAX_BYTES
    for count, (name, content, executable) in enumerate(entries, 1):
        data = content.read(left + 1)
        left -= len(data)
        if left < 0 or count > MAX_FILES:
            raise InvalidInputError(
                f"the archive holds more than {MAX_FILES:,} files or {MAX_BYTES // 2**20} MiB",
                hint="leave out what is made by tools and keep data outside",
            )
        yield TreeFile(name.removeprefix("./"), data, executable)


def _from_tar(body: bytes) -> Iterator[tuple[str, IO[bytes], bool]]:
    with tarfile.open(fileobj=io.BytesIO(body), mode="r:*") as archive:
        for entry in archive:
            if entry.isdir():
                continue
            content = archive.extractfile(entry) if entry.isreg() else None
            if content is None:
                raise _no_file(entry.name)
            yield entry.name, content, bool(entry.mode & 0o100)


def _from_zip(body: bytes) -> Iterator[tuple[str, IO[bytes], bool]]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        for entry in archive.infolist():
            if entry.is_dir():
                continue
            mode = entry.external_attr >> 16 if entry.create_system == _UNIX else 0
            if mode & _KIND not in {0, _PLAIN}:
                raise _no_file(entry.filename)
            with archive.open(entry) as content:
                yield entry.filename, content, bool(mode & 0o100)


def _no_file(name: str) -> InvalidInputError:
    return InvalidInputError(f"'{name[:120]}' is no plain file", hint="put a copy of what a link leads to in its place")

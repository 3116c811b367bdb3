"""What is packed into a blob: zip (jar, wheel, office files), tar, gzip, bzip2, xz, and archives inside of them.

Bounded for each blob and for all of a push together. What cannot be looked into is never passed over: it blocks.
"""

import bz2
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

MAX_UNPACKED_BYTES = 64 * 2**20
_MAX_MEMBERS = 5_000
_DEEPEST = 4
_MAX_MEMORY_BYTES = 128 * 2**20
_ZIP = b"PK\x03\x04"
_COMPRESSED: tuple[tuple[re.Pattern[bytes], Callable[[], Any]], ...] = (
    (re.compile(rb"\x1f\x8b"), lambda: zlib.decompressobj(16 + zlib.MAX_WBITS)),
    (re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"), bz2.BZ2Decompressor),
    (re.compile(rb"\xfd7zXZ\0|\x5d\0\0"), lambda: lzma.LZMADecompressor(memlimit=_MAX_MEMORY_BYTES)),
)
# Formats by the first bytes that their specifications give them.
_NOT_KNOWN = re.compile(
    rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|\x28\xb5\x2f\xfd|\x04\x22\x4d\x18|\x1f[\x9d\xa0]|LZIP\x01|MSCF\0|!<arch>\n"
    rb"|\xed\xab\xee\xdb|xar!|07070[127]"
)
_TAR_BLOCK = 512


class ArchiveTooLargeError(Exception):
    """An archive unpacks to more than can be reviewed, or cannot be unpacked at all."""


@dataclass
class Budget:
    """What may still be unpacked of a whole push: many small archives are as large as one large one."""

    bytes_left: int = 128 * 2**20
    members_left: int = 20_000

    @property
    def spent(self) -> bool:
        """Whether nothing more is looked into."""
        return self.bytes_left < 0 or self.members_left < 0


def unpacked(content: bytes, budget: Budget) -> Iterator[bytes]:
    """Yield what is packed into a blob, and into archives inside; nothing for content that is no archive.

    The files of a tar stand in it as they are, so that only archives among them are given. Raises
    `ArchiveTooLargeError` when it is too large, too deep, broken, or of a form that is not known here.
    """
    yield from _Unpacking(budget).of(content, 0)


class _Unpacking:
    """One blob being unpacked, with what may still be read of it."""

    def __init__(self, budget: Budget) -> None:
        self._bytes = MAX_UNPACKED_BYTES
        self._members = _MAX_MEMBERS
        self._budget = budget

    def of(self, content: bytes, depth: int) -> Iterator[bytes]:
        """Yield what is inside, level by level."""
        if _NOT_KNOWN.match(content):
            raise ArchiveTooLargeError("archives of this form cannot be looked into; zip, tar, gzip, bzip2 and xz can")
        read = self._reader(content)
        if read is None:
            return
        if depth == _DEEPEST:
            raise ArchiveTooLargeError("archives are nested too deeply in each other")
        try:
            for inner in read(content):
                if read != self._of_tar:
                    yield inner
                yield from self.of(inner, depth + 1)
        except (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError, RuntimeError,
                NotImplementedError, ValueError) as fault:  # fmt: skip
            raise ArchiveTooLargeError("the archive cannot be unpacked") from fault

    def _reader(self, content: bytes) -> Callable[[bytes], Iterator[bytes]] | None:
        # A zip is found by its end, so that programs, pictures and anything else may stand before it.
        if content.startswith(_ZIP) or zipfile.is_zipfile(io.BytesIO(content)):
            return self._of_zip
        if _stream(content) is not None:
            return self._of_compressed
        return self._of_tar if is_tar(content) else None

    def _of_zip(self, content: bytes) -> Iterator[bytes]:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                self._count()
                with archive.open(member) as file:
                    yield self._spend(file.read(self._most()))

    def _of_tar(self, content: bytes) -> Iterator[bytes]:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            for member in archive:
                self._count()
                file = archive.extractfile(member) if member.isreg() else None
                if file is not None:
                    yield self._spend(file.read(self._most()))

    def _of_compressed(self, content: bytes) -> Iterator[bytes]:
        """Yield each stream of a compressed file; several may follow each other."""
        while content:
            stream = _stream(content)
            if stream is None:
                return  # what follows the streams is padding, or scanned with the blob itself
            data = self._spend(stream.decompress(content, self._most()))
            if not stream.eof:
                raise ArchiveTooLargeError("the archive is cut off")
            yield data
            content = stream.unused_data

    def _most(self) -> int:
        return min(self._bytes, self._budget.bytes_left) + 1

    def _count(self) -> None:
        self._members -= 1
        self._budget.members_left -= 1
        if min(self._members, self._budget.members_left) < 0:
            raise ArchiveTooLargeError("the archive holds too many files")

    def _spend(self, data: bytes) -> bytes:
        self._bytes -= len(data)
        self._budget.bytes_left -= len(data)
        if self._budget.spent:
            raise ArchiveTooLargeError("the archives of this push unpack to more than can be reviewed together")
        if self._bytes < 0:
            raise ArchiveTooLargeError(f"the archive unpacks to more than {MAX_UNPACKED_BYTES // 2**20} MiB")
        return data


def _stream(content: bytes) -> Any:
    return next((make() for mark, make in _COMPRESSED if mark.match(content)), None)


def is_tar(content: bytes) -> bool:
    """Return whether it begins with the header of a tar: its check sum holds."""
    if len(content) < _TAR_BLOCK or not content[0]:
        return False
    try:
        tarfile.TarInfo.frombuf(content[:_TAR_BLOCK], "utf-8", "surrogateescape")
    except tarfile.TarError:
        return False
    return True

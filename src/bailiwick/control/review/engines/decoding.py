"""What a blob says once it is read: as text of any encoding, out of archives, and what text itself encodes.

Everything here is bounded: what is not looked into is too large to be reviewed, and a finding of the tree's engine.
"""

import base64
import binascii
import bz2
import codecs
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

import re2

MAX_UNPACKED_BYTES = 64 * 2**20
_MAX_MEMBERS = 5_000
_DEEPEST = 4
_ZIP = b"PK\x03\x04"
_COMPRESSED: dict[bytes, Callable[[], Any]] = {
    b"\x1f\x8b": lambda: zlib.decompressobj(16 + zlib.MAX_WBITS),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ": lzma.LZMADecompressor,
}
_UTF16 = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# Runs of base 64 (both alphabets), also over the lines of a wrapped one; of hexadecimal; of URL escapes.
_BASE64 = re2.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")
_WRAPPED = re2.compile(rb"(?:[A-Za-z0-9+/]{40,80}\r?\n[ \t]*)+[A-Za-z0-9+/]+={0,2}")
_HEXADECIMAL = re2.compile(rb"(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[ ,:]{0,2}){16,}")
_ESCAPED = re2.compile(rb"(?:[\w.~-]*%[0-9A-Fa-f]{2}){6,}[\w.~-]*")
_NOT_HEXADECIMAL = re2.compile(rb"0x|\\x|[^0-9A-Fa-f]")


class ArchiveTooLargeError(Exception):
    """An archive unpacks to more than can be reviewed, or cannot be unpacked at all."""


def texts(content: bytes) -> Iterator[bytes]:
    """Yield what a blob may say, as UTF-8: itself, as UTF-16 when it looks like it, and so for what is packed in it."""
    yield from _readings(content)
    try:
        for inner in unpacked(content):
            yield from _readings(inner)
    except ArchiveTooLargeError:
        return  # the tree's engine says so, and blocks


def unpacked(content: bytes) -> Iterator[bytes]:
    """Yield what is packed into a zip, gzip, bzip2 or xz file, and into archives inside; nothing for other content.

    The files of a tar stand in it as they are. Raises `ArchiveTooLargeError` when it is too large, too deep or broken.
    """
    yield from _Unpacking().of(content, 0)


def decodings(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield what runs of base 64, hexadecimal and URL escapes in a text decode to, with the run's place."""
    for pattern in (_BASE64, _WRAPPED):
        for match in pattern.finditer(text):
            yield from ((match.start(), decoded) for decoded in _from_base64(b"".join(match[0].split())))
    for match in _HEXADECIMAL.finditer(text):
        digits = _NOT_HEXADECIMAL.sub(b"", match[0])
        yield match.start(), bytes.fromhex(digits[: len(digits) // 2 * 2].decode())
    for match in _ESCAPED.finditer(text):
        yield match.start(), unquote_to_bytes(match[0])


def _from_base64(run: bytes) -> Iterator[bytes]:
    """Yield what a run decodes to from each of its first four characters, as what stands before it may look like it."""
    plain = run.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    for offset in range(4):
        part = plain[offset:]
        try:
            decoded = base64.b64decode(part[: len(part) - (len(part) % 4 == 1)] + b"=" * (-len(part) % 4))
        except binascii.Error:
            continue
        if _mostly_text(decoded):
            yield decoded


def _mostly_text(data: bytes) -> bool:
    """Return whether bytes may be text; the rest of a run that is not aligned may garble its ends."""
    sample = data[:400]
    printable = sum(0x20 <= byte < 0x7F or byte in b"\r\n\t" for byte in sample)  # noqa: PLR2004 - printable ASCII
    return bool(sample) and printable >= 0.7 * len(sample)


def _readings(content: bytes) -> Iterator[bytes]:
    yield content
    sample = content[:1000]
    name = next((name for mark, name in _UTF16 if content.startswith(mark)), "")
    if not name and sample.count(0) * 3 > len(sample):
        name = "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"
    if name:
        yield content.decode(name, errors="replace").encode()


class _Unpacking:
    """One blob being unpacked, with what may still be read of it."""

    def __init__(self) -> None:
        self._bytes = MAX_UNPACKED_BYTES
        self._members = _MAX_MEMBERS

    def of(self, content: bytes, depth: int) -> Iterator[bytes]:
        """Yield what is inside, level by level."""
        if not content.startswith((_ZIP, *_COMPRESSED)):
            return
        if depth == _DEEPEST:
            raise ArchiveTooLargeError("archives are nested too deeply in each other")
        try:
            for inner in self._of_zip(content) if content.startswith(_ZIP) else self._of_compressed(content):
                yield inner
                yield from self.of(inner, depth + 1)
        except (zipfile.BadZipFile, OSError, EOFError, zlib.error, lzma.LZMAError, RuntimeError, NotImplementedError,
                ValueError) as fault:  # fmt: skip
            raise ArchiveTooLargeError("the archive cannot be unpacked") from fault

    def _of_zip(self, content: bytes) -> Iterator[bytes]:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                self._members -= 1
                if self._members < 0:
                    raise ArchiveTooLargeError("the archive holds too many files")
                with archive.open(member) as file:
                    yield self._spend(file.read(self._bytes + 1))

    def _of_compressed(self, content: bytes) -> Iterator[bytes]:
        """Yield each stream of a compressed file; several may follow each other."""
        while content:
            make = next((make for mark, make in _COMPRESSED.items() if content.startswith(mark)), None)
            if make is None:
                return  # what follows the streams is padding, or scanned with the blob itself
            stream = make()
            data = self._spend(stream.decompress(content, self._bytes + 1))
            if not stream.eof:
                raise ArchiveTooLargeError("the archive is cut off")
            yield data
            content = stream.unused_data

    def _spend(self, data: bytes) -> bytes:
        self._bytes -= len(data)
        if self._bytes < 0:
            raise ArchiveTooLargeError(f"the archive unpacks to more than {MAX_UNPACKED_BYTES // 2**20} MiB")
        return data

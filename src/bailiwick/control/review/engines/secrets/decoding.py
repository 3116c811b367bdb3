"""What a blob says once it is read: as text of any encoding, out of archives, and what text itself encodes.

Everything here is bounded: what is not looked into is too large to be reviewed, and a finding of the tree's engine.
"""

import bz2
import codecs
import contextlib
import lzma
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from bailiwick.control.review.engines.secrets.spelling import SPELLINGS
from bailiwick.control.review.engines.secrets.unpacking import ArchiveTooLargeError, Budget, unpacked
from bailiwick.core.redaction.encodings import (
    BASE64,
    ESCAPED,
    HEXADECIMAL,
    READABLE,
    TEXT_IN_BASE64,
    base64_readings,
    escaped_readings,
    hexadecimal_readings,
)
from bailiwick.core.redaction.sieve import Sieve

_UTF16 = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_PACKED_MARKS = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"BZh", b"PK\x03\x04", b"\xfd7zXZ")
_PACKED_IN_BASE64 = (b"H4sI", b"eJ", b"eN", b"eA", b"eF", b"eV", b"Qlpo", b"UEsD", b"/Td6")
_MOST_MEMORY = 64 * 2**20
_INFLATERS: tuple[Callable[[], Any], ...] = (
    lambda: zlib.decompressobj(zlib.MAX_WBITS | 32),
    bz2.BZ2Decompressor,
    lambda: lzma.LZMADecompressor(memlimit=_MOST_MEMORY),
)
_MOST_INFLATED = 2**20


def texts(content: bytes, budget: Budget) -> Iterator[bytes]:
    """Yield what a blob may say, as UTF-8: itself, as UTF-16 where it holds some, and so for what is packed in it."""
    yield from _readings(content)
    try:
        for inner in unpacked(content, budget):
            yield from _readings(inner)
    except ArchiveTooLargeError:
        return  # the tree's engine says so, and blocks


def decodings(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield what is encoded in a text, or spelt in other ways, with the place where it begins."""
    for index, match in _sieve().matches(text):
        for decoded in _READERS[index][1](match[0]):
            yield match.start(), decoded


def _from_base64(run: bytes) -> Iterator[bytes]:
    """Yield what a run says, also where that is compressed."""
    if not TEXT_IN_BASE64.search(run) and not run.startswith(_PACKED_IN_BASE64):
        return
    for said in base64_readings(run):
        if said.startswith(_PACKED_MARKS):
            yield _inflated(said)
        text = said.replace(b"\0", b"")  # so that UTF-16 in it is found as well
        if READABLE.search(text):
            yield text


def _inflated(packed: bytes) -> bytes:
    """Return the beginning of what a compressed text holds that stood encoded in another; nothing if it is none."""
    for make in _INFLATERS:
        with contextlib.suppress(zlib.error, OSError, lzma.LZMAError, EOFError):
            return bytes(make().decompress(packed, _MOST_INFLATED))
    return b""


# Runs of base 64 (both alphabets), also over the lines of a wrapped one; of hexadecimal; of URL escapes.
_READERS: tuple[tuple[str, Callable[[bytes], Iterator[bytes]]], ...] = (
    (BASE64, _from_base64),
    (r"(?:[A-Za-z0-9+/]{40,80}\r?\n[ \t]*)+[A-Za-z0-9+/]+={0,2}", lambda run: _from_base64(b"".join(run.split()))),
    (HEXADECIMAL, hexadecimal_readings),
    (ESCAPED, escaped_readings),
    *SPELLINGS,
)


@cache
def _sieve() -> Sieve:
    return Sieve([pattern for pattern, _ in _READERS])


def _readings(content: bytes) -> Iterator[bytes]:
    yield content
    name = next((name for mark, name in _UTF16 if content.startswith(mark)), "")
    if name:
        yield content.decode(name, errors="replace").encode()
    if b"\0" in content:
        # What stands in UTF-16 or UTF-32 anywhere, with or without a mark, is itself without the zeros, if it is ASCII.
        yield content.replace(b"\0", b"")

"""What a blob says once it is read: as text of any encoding, out of archives, and what text itself encodes.

Everything here is bounded: what is not looked into is too large to be reviewed, and a finding of the tree's engine.
"""

import base64
import binascii
import codecs
import re
from bisect import bisect_right
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

import re2

from bailiwick.control.review.engines.unpacking import ArchiveTooLargeError, Budget, unpacked

_UTF16 = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# Runs of base 64 (both alphabets), also over the lines of a wrapped one; of hexadecimal; of URL escapes.
# A run is tried from its beginning only, which keeps the first one linear without RE2, whose matches are dear.
_BASE64 = re.compile(rb"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,}={0,2}")
_WRAPPED = re2.compile(rb"(?:[A-Za-z0-9+/]{40,80}\r?\n[ \t]*)+[A-Za-z0-9+/]+={0,2}")
_HEXADECIMAL = re2.compile(rb"(?:(?:0x|\\x|\\u00)?[0-9A-Fa-f]{2}[ ,:_\r\n\t-]{0,2}){16,}")
_ESCAPED = re2.compile(rb"(?:[\w.~-]*%[0-9A-Fa-f]{2}){6,}[\w.~-]*")
# Where a line is continued, and where one string ends and the next goes on, with or without a plus.
# One class between quotes keeps this linear, too.
_SEAM = re.compile(rb"""\\\r?\n[ \t]*|"[\s\\+]*"|'[\s\\+]*'""")
# No credential, and nothing that encodes one, is without such a run; what decodes to noise has none.
_READABLE = re2.compile(rb"[\t\n\r -~]{16,}")
# Three bytes of text, or of UTF-16 text, begin with one of these in base 64 (their first six bits): most runs of
# letters that are no base 64 are known by it without decoding them.
_TEXT_IN_BASE64 = re.compile(rb"(?:[ACDI-Za-f][A-Za-z0-9+/_-]{3}){4}")
_NOT_HEXADECIMAL = re2.compile(rb"0x|\\x|\\u00|[^0-9A-Fa-f]")


def texts(content: bytes, budget: Budget) -> Iterator[bytes]:
    """Yield what a blob may say, as UTF-8: itself, as UTF-16 where it holds some, and so for what is packed in it."""
    yield from _readings(content)
    try:
        for inner in unpacked(content, budget):
            yield from _readings(inner)
    except ArchiveTooLargeError:
        return  # the tree's engine says so, and blocks


class Joined:
    """A text with its continued lines and adjacent strings joined, which knows where everything stood before."""

    def __init__(self, text: bytes) -> None:
        self.text = _SEAM.sub(b"", text)
        self._seams: list[int] = []  # places of the joined text that a seam stood before
        self._left_out: list[int] = []  # how many bytes are gone up to and with that seam
        gone = 0
        for match in _SEAM.finditer(text):
            self._seams.append(match.start() - gone)
            gone += match.end() - match.start()
            self._left_out.append(gone)

    def place_before(self, place: int) -> int:
        """Return where that stood which is at a place of the joined text."""
        before = bisect_right(self._seams, place)
        return place + (self._left_out[before - 1] if before else 0)


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
    if not _TEXT_IN_BASE64.search(run):
        return
    plain = run.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    for offset in range(4):
        part = plain[offset:]
        try:
            decoded = base64.b64decode(part[: len(part) - (len(part) % 4 == 1)] + b"=" * (-len(part) % 4))
        except binascii.Error:
            continue
        text = decoded.replace(b"\0", b"")  # so that UTF-16 in it is found as well
        if _READABLE.search(text):
            yield text


def _readings(content: bytes) -> Iterator[bytes]:
    yield content
    name = next((name for mark, name in _UTF16 if content.startswith(mark)), "")
    if name:
        yield content.decode(name, errors="replace").encode()
    if b"\0" in content:
        # What stands in UTF-16 or UTF-32 anywhere, with or without a mark, is itself without the zeros, if it is ASCII.
        yield content.replace(b"\0", b"")

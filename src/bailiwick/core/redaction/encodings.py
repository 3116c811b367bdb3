"""Text that is encoded within another: base64, hexadecimal digits, escapes of URLs. Nothing is ever decompressed."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from functools import cache
from urllib.parse import unquote_to_bytes

import re2

from bailiwick.core.redaction.sieve import Sieve

BASE64 = r"[A-Za-z0-9+/_-]{24,}={0,2}"
HEXADECIMAL = r"(?:(?:0x|\\x|\\u00)?[0-9A-Fa-f]{2}[ ,:_\r\n\t-]{0,2}){16,}"
ESCAPED = r"(?:[\w.~-]*%[0-9A-Fa-f]{2}){6,}[\w.~-]*"
# No credential, and nothing that encodes one, is without such a run; what decodes to noise has none.
READABLE = re2.compile(rb"[\t\n\r -~]{16,}")
# Three bytes of text, or of UTF-16 text, begin with one of these in base64 (their first six bits): most runs of letters
# that are no base64 are known by it without decoding them.
TEXT_IN_BASE64 = re.compile(rb"(?:[ACDI-Za-f][A-Za-z0-9+/_-]{3}){4}")
_PLAIN_ALPHABET = bytes.maketrans(b"-_", b"+/")
# Pictures and files are longer than anything that a secret is encoded in.
_LONGEST_RUN = 16 * 1024
_MOST_DECODED = 256 * 1024
_BETWEEN_DIGITS = b" ,:_\r\n\t-"


def base64_readings(run: bytes) -> Iterator[bytes]:
    """Yield what a run decodes to from each of its first four characters: what stands before it may look like it."""
    plain = run.rstrip(b"=").translate(_PLAIN_ALPHABET)
    for offset in range(4):
        part = plain[offset:]
        try:
            yield base64.b64decode(part[: len(part) - (len(part) % 4 == 1)] + b"=" * (-len(part) % 4))
        except binascii.Error:
            continue


def hexadecimal_readings(run: bytes) -> Iterator[bytes]:
    """Yield what digits stand for."""
    digits = run.replace(b"\\u00", b"").replace(b"\\x", b"").replace(b"0x", b"").translate(None, _BETWEEN_DIGITS)
    yield bytes.fromhex(digits[: len(digits) // 2 * 2].decode())


def escaped_readings(run: bytes) -> Iterator[bytes]:
    """Yield what escapes of a URL stand for."""
    yield unquote_to_bytes(run)


# A run that is long enough, and text from where it begins: few words of code or prose are.
_BASE64_OF_TEXT = r"(?:[ACDI-Za-f][A-Za-z0-9+/_-]{3}){6}[A-Za-z0-9+/_-]*={0,2}"
_READERS: tuple[tuple[str, Callable[[bytes], Iterator[bytes]]], ...] = (
    (_BASE64_OF_TEXT, base64_readings),
    (r"[0-9A-Fa-f]{32,}", hexadecimal_readings),
    (r"(?:%[0-9A-Fa-f]{2}[\w.~-]{0,40}){6,}", escaped_readings),
)


@cache
def _sieve() -> Sieve:
    return Sieve([pattern for pattern, _ in _READERS])


def decoded(text: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield where something that is encoded in a text begins and ends, and what it says, as far as that is bounded."""
    left = _MOST_DECODED
    for index, match in _sieve().matches(text):
        start, end = match.span()
        if end - start > _LONGEST_RUN:
            continue
        for reading in _READERS[index][1](match[0]):
            said = reading.replace(b"\0", b"")  # so that UTF-16 in it is found as well
            if READABLE.search(said):
                left -= len(said)
                if left < 0:
                    return
                yield start, end, said

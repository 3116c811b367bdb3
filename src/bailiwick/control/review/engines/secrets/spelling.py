"""Text that is put together letter by letter, from the parts of a list, or from its end."""

import html
import re
from collections.abc import Callable, Iterator

_QUOTED = re.compile(rb"""(["'])(.+)\1""", re.DOTALL)
_ITEMS = re.compile(rb"""["'`]([^"'`]*)["'`]""")
_NUMBER = re.compile(rb"0x([0-9A-Fa-f]{2})|(\d{1,3})")
_DIGITS = re.compile(rb"[0-9A-Fa-f]{2,8}")
_SURROGATES = 0xD800
_BYTES = 256


def _numbers(written: bytes) -> Iterator[bytes]:
    """Read a list of bytes, or calls that make letters of numbers."""
    found = (int(digits, 16) if digits else int(decimal) for digits, decimal in _NUMBER.findall(written))
    yield bytes(number for number in found if number < _BYTES)


def _reversed(written: bytes) -> Iterator[bytes]:
    found = _QUOTED.search(written)
    if found:
        yield found[2][::-1]


def _list(written: bytes) -> Iterator[bytes]:
    yield b"".join(_ITEMS.findall(written))


def _entities(written: bytes) -> Iterator[bytes]:
    yield html.unescape(written.decode("ascii")).encode()


def _octal(written: bytes) -> Iterator[bytes]:
    yield bytes(int(part, 8) for part in written.split(b"\\")[1:])


def _code_points(written: bytes) -> Iterator[bytes]:
    found = (int(digits, 16) for digits in _DIGITS.findall(written))
    yield "".join(chr(number) for number in found if number < _SURROGATES).encode()


# What such text looks like, and how it is read.
SPELLINGS: tuple[tuple[str, Callable[[bytes], Iterator[bytes]]], ...] = (
    (r"(?:\d{1,3}[ \r\n\t]{0,4},[ \r\n\t]{0,4}){11,}\d{1,3}", _numbers),
    (
        r"(?i)(?:(?:chr|char|chrw|fromcharcode|string\.fromcharcode)\((?:0x[0-9a-f]{2}|\d{1,3})\)[\s+.&|]{0,6}){8,}",
        _numbers,
    ),
    (r"""["'][^"'\n]+["']\s{0,4}\)?(?:\[::-1\]|\.reverse\(|\.split\(["']{2}\)\.reverse|\.chars\(\)\.rev)""", _reversed),
    (r"""(?i)(?:reversed|strrev|reverse)\(["'][^"'\n]+["']""", _reversed),
    (r"""(?i)join\(\s*[\[(][^\])]+[\])]|[\[(][^\[\](]+\]\s*\.join\(|implode\([^)]+\)""", _list),
    (r"(?:&#(?:x[0-9A-Fa-f]{2}|\d{2,3});){8,}", _entities),
    (r"(?:\\[01][0-7]{2}){8,}", _octal),
    (r"(?:\\(?:u\{[0-9A-Fa-f]{1,6}\}|U[0-9A-Fa-f]{8})){8,}", _code_points),
)

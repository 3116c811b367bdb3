"""A text as it is read by a language: continued lines and adjacent strings joined, single letters no longer escaped."""

import re
from bisect import bisect_right
from collections.abc import Iterator

# Where a line is continued, and where one string ends and the next goes on, with or without a sign between them.
# One class between quotes keeps this linear. And letters that are written by their number.
_SEAM = re.compile(
    rb"""\\\r?\n[ \t]*|"[\s\\+.&]*"|'[\s\\+.&]*'|`[\s\\+]*`|"\s*\|\|\s*"|'\s*\|\|\s*'"""
    rb"""|\\x([2-7][0-9A-Fa-f])|\\u00([2-7][0-9A-Fa-f])|\\u\{0{0,4}([2-7][0-9A-Fa-f])\}"""
)


class Joined:
    """The lines of a text that have such places, joined; it knows where everything stood before."""

    def __init__(self, text: bytes) -> None:
        self._places: list[int] = []  # where a piece begins in the joined text,
        self._origins: list[int] = []  # and where it began before
        pieces: list[bytes] = []
        length = 0
        for origin, piece in _pieces(text):
            self._places.append(length)
            self._origins.append(origin)
            pieces.append(piece)
            length += len(piece)
        self.text = b"".join(pieces)

    def place_before(self, place: int) -> int:
        """Return where that stood which is at a place of the joined text."""
        piece = bisect_right(self._places, place) - 1
        return self._origins[piece] + place - self._places[piece]


def _pieces(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield what is left of the lines with seams, and where each piece of it began."""
    done = end = 0  # up to where is yielded, and where the lines end that are being joined
    for seam in _SEAM.finditer(text):
        if seam.start() >= end:
            if end > done:
                yield done, text[done:end]
            done = _start_of_lines(text, seam.start(), end)
        if seam.start() > done:
            yield done, text[done : seam.start()]
        letter = seam[1] or seam[2] or seam[3]
        if letter:
            yield seam.start(), bytes.fromhex(letter.decode())
        done = seam.end()
        if done > end:
            newline = text.find(b"\n", done)
            end = newline + 1 if newline >= 0 else len(text)
    if end > done:
        yield done, text[done:end]


def _start_of_lines(text: bytes, place: int, earliest: int) -> int:
    """Return where the line before a place's line begins: a name may stand there, and its value below."""
    newline = text.rfind(b"\n", earliest, place)
    before = text.rfind(b"\n", earliest, newline) if newline >= 0 else -1
    return before + 1 if before >= 0 else earliest

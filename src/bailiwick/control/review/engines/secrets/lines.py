"""Which line a place of a text is in."""

import re
from bisect import bisect_left

# Ends of lines as editors and Python count them: a lone carriage return ends one, too.
_LINE_END = re.compile(rb"\r\n?|\n")


class Lines:
    """The lines of a text, counted once: counting them again for each place would take quadratic time."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._ends: list[int] | None = None

    def number_at(self, place: int) -> int:
        """Return the number of the line of a place, from 1."""
        if self._ends is None:
            self._ends = [match.start() for match in _LINE_END.finditer(self._text)]
        return bisect_left(self._ends, place) + 1

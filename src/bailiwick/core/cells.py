"""Ranges of spreadsheets in A1 notation: `Orders!A2:F`, `'Orders of May'!A:C`, and whether one lies in another.

A name alone is a whole sheet or a named range, and nobody here could say which cells that is: it lies in nothing.
"""

import re
from dataclasses import dataclass

# A sheet, quoted where it is no plain word, and columns with rows or without.
_SHEET = r"(?:'(?:[^'\x00-\x1f]|''){1,100}'|[A-Za-z0-9_]{1,100})"
_RANGE = re.compile(rf"({_SHEET})!([A-Za-z]{{1,3}})([0-9]{{0,7}})(?::([A-Za-z]{{1,3}})([0-9]{{0,7}}))?")
_LAST_ROW = 10_000_000


@dataclass(frozen=True, slots=True)
class CellRange:
    """A sheet with first and last columns and rows, each counted from 1."""

    sheet: str
    columns: tuple[int, int]
    rows: tuple[int, int]

    @classmethod
    def read(cls, text: str) -> "CellRange | None":
        """Return what a text says, None for anything but a sheet with columns."""
        found = _RANGE.fullmatch(text)
        if found is None or "0" in {found[3], found[5]}:
            return None
        sheet = found[1][1:-1].replace("''", "'") if found[1].startswith("'") else found[1]
        first = _column(found[2])
        if found[4] is None:
            # A single cell says its row; a single column is no range.
            return cls(sheet, (first, first), (int(found[3]), int(found[3]))) if found[3] else None
        last, top, bottom = _column(found[4]), int(found[3] or 1), int(found[5] or _LAST_ROW)
        return cls(sheet, (min(first, last), max(first, last)), (min(top, bottom), max(top, bottom)))

    def holds(self, other: "CellRange") -> bool:
        """Return whether another range lies in this one."""
        return (
            self.sheet == other.sheet
            and self.columns[0] <= other.columns[0]
            and other.columns[1] <= self.columns[1]
            and self.rows[0] <= other.rows[0]
            and other.rows[1] <= self.rows[1]
        )


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number

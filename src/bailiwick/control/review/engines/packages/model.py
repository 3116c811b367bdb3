"""Packages as manifests and lock files name them, and what is wrong with a file itself."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

PYPI = "PyPI"
NPM = "npm"

# What a file is: what one wants, exactly what is installed, or how installers go about it.
Kind = Literal["manifest", "lock", "settings"]


@dataclass(frozen=True, slots=True)
class Package:
    """A package on a line of a file.

    `version` is empty unless it is exactly one; `wanted` is what the file says of versions. `origin` is where it comes
    from when that is not the index: an address or a path. `requires` are the names of
    those that it needs, `asked_by` of those that need it. `direct` says that a person asked for
    it; `shipped` that the running app gets it, and not only its developers.
    """

    ecosystem: str
    name: str
    path: str
    line: int
    kind: Kind
    version: str = ""
    wanted: str = ""
    hashes: tuple[str, ...] = ()
    origin: str = ""
    licence: str = ""
    requires: tuple[str, ...] = ()
    asked_by: tuple[str, ...] = ()
    uploaded: date | None = None
    runs_scripts: bool = False
    direct: bool = True
    shipped: bool = True
    written: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a file itself does wrong, with the id of the rule that says why.

    `origin` is the address that it is about, where it is about one.
    """

    rule: str
    path: str
    line: int
    words: str
    written: str = ""
    worse: int = 0
    origin: str = ""


Reading = Iterator[Package | Problem]


def python_name(name: str) -> str:
    """Return a Python package's name as the index writes it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).strip("-").lower()


class Places:
    """Where texts stand in a file, for formats whose parsers do not say."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends = [found.start() for found in re.finditer("\n", text)]
        self._at = 0

    def next(self, needle: str) -> int:
        """Return the line of the next place where a text stands, from the last that was found on; 0 when nowhere."""
        found = self._text.find(needle, self._at)
        if found < 0:
            return 0
        self._at = found
        return bisect_left(self._ends, found) + 1

    def first(self, *needles: str) -> int:
        """Return the line of the first place of the first of some texts that stands anywhere; 0 when none does."""
        found = next((place for needle in needles if (place := self._text.find(needle)) >= 0), -1)
        return bisect_left(self._ends, found + _begin(self._text, found)) + 1 if found >= 0 else 0


def _begin(text: str, place: int) -> int:
    return 1 if text[place] == "\n" else 0

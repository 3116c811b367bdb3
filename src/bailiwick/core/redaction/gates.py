"""Patterns that are run only where something is that each of their matches has in it and that is quick to look for."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bailiwick.core.redaction import sieve

# How long the line may be that a match begins in, and a value.
_LONGEST_LINE = 1000
_LONGEST_VALUE = 2**16
_AFTER_VALUE = re.compile(rb"[\n\"'`<]/?")


@dataclass(frozen=True)
class Gated:
    """A pattern, and its gate: what ends within each of its matches, and takes little to look for. A match reaches from
    the line of what is `before` bytes in front of the end of the gate to the next line, `after` bytes at most.
    """

    pattern: str
    gate: str
    before: int
    after: int


class GatedSieve:
    """Patterns that are run only where their gates are."""

    def __init__(self, gated: Sequence[Gated]) -> None:
        self._gated = tuple(gated)
        self._patterns = [sieve.compiled(item.pattern) for item in gated]
        gates = [item.gate for item in gated]
        self._places = (
            sieve.places_by_hyperscan([[gate] for gate in gates]) if sieve.hyperscan is not None else _no_places
        )
        self._which = sieve.by_set(gates)

    def matches(self, text: bytes, wanted: Collection[int]) -> Iterator[tuple[int, Any]]:
        """Yield which of the wanted patterns and its match, pattern by pattern."""
        places = self._places(text)
        if places is None:
            for index in sorted(set(self._which(text)).intersection(wanted)):
                yield from ((index, match) for match in self._patterns[index].finditer(text))
            return
        for index, ends in enumerate(places):
            if not ends or index not in wanted:
                continue
            lines = sieve.parts_together(_lines_around(text, place, self._gated[index]) for place in ends)
            for begin, end in sieve.parts_together(_with_whole_values(text, lines)):
                for match in self._patterns[index].finditer(text, begin, end):
                    yield index, match


def _no_places(_: bytes) -> None:
    """Know of no place: whole texts are looked through."""


def _lines_around(text: bytes, place: int, gated: Gated) -> tuple[int, int]:
    slack, end = max(0, place - gated.before), min(len(text), place + gated.after)
    first = max(0, slack - _LONGEST_LINE)
    begin = text.rfind(b"\n", first, slack)
    line = text.find(b"\n", place, end)
    following = text.find(b"\n", line + 1, end) if line >= 0 else -1
    return max(begin, first), end if following < 0 else following + 1


def _with_whole_values(text: bytes, parts: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield parts in their order; one that ends within a line goes on to where a value ends, as patterns see it whole
    or know it for none.
    """
    known = 0
    for begin, end in parts:
        if end > known and text[end - 1 : end] != b"\n":
            found = _AFTER_VALUE.search(text, end, end + _LONGEST_VALUE)
            known = found.end() if found is not None else end
        yield begin, max(end, known)

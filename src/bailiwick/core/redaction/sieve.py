"""Which of many patterns a text matches, found in one pass over it, so that each is run only where it finds something.

Hyperscan tells which, where there is one for this processor, else RE2, slower. What matches where RE2 alone says. Both
read a text in time that is linear in it, whatever the text and the patterns are.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from itertools import product
from typing import Any

import re2

hyperscan: Any = import_module("hyperscan") if find_spec("hyperscan") is not None else None

# States of the automata that are kept; what does not fit is made again.
_MEMORY_BYTES = 96 * 2**20
_SHORT = "abcdefghijklmnopqrstuvwxyz0123456789_-.:$/+"
# So many patterns are too much for one automaton of RE2: the letters that they need are looked for first.
_MANY = 100

Which = Callable[[bytes], Iterable[int]]
Places = Callable[[bytes], list[list[int]]]


def compiled(pattern: str) -> Any:
    """Return a pattern for bytes, each of which is a letter of Latin 1."""
    return re2.compile(pattern.encode("latin-1"), _options())


class Sieve:
    """Patterns that are run over a text only if they match it."""

    def __init__(self, patterns: Sequence[str], which: Callable[[Sequence[str]], Which] | None = None) -> None:
        """Take patterns, and what tells which of them match a text: the best that this processor has, if left out."""
        self._patterns = [compiled(pattern) for pattern in patterns]
        self._which = (which or best)(patterns)

    def matches(self, text: bytes) -> Iterator[tuple[int, Any]]:
        """Yield which pattern and its match, pattern by pattern."""
        for index in sorted(self._which(text)):
            for match in self._patterns[index].finditer(text):
                yield index, match


class NearSieve:
    """Patterns that are run only around hints: cheap patterns, one of which is in whatever any of them matches."""

    def __init__(self, patterns: Sequence[str], hints: Sequence[str], before: int, after: int) -> None:
        """Take how many bytes before and after the end of a hint a match may reach at most."""
        self._sieve = Sieve(patterns, by_set)
        self.hints = tuple(hints)
        self._places = places_of([self.hints])
        self._before, self._after = before, after

    def matches(self, text: bytes, places: Sequence[int] | None = None) -> Iterator[tuple[int, Any, int]]:
        """Yield which pattern, its match in a part of the text, and where that part begins; `places` are where hints
        end in it, where that is known.
        """
        for begin, end in self.parts(text, places):
            for index, match in self._sieve.matches(text[begin:end]):
                yield index, match, begin

    def parts(self, text: bytes, places: Sequence[int] | None = None) -> Iterator[tuple[int, int]]:
        """Yield the parts of a text in which there may be matches, in order."""
        begin, end = 0, 0
        for place in self._places(text)[0] if places is None else places:
            if place - self._before > end:
                if end:
                    yield begin, end
                begin = place - self._before
            end = place + self._after
        if end:
            yield begin, end


def places_of(groups: Sequence[Sequence[str]]) -> Places:
    """Return what tells where the hints of each group end in a text, in order: all groups in one pass, where that is
    possible.
    """
    return (places_by_hyperscan if hyperscan is not None else places_by_re2)(groups)


def places_by_hyperscan(groups: Sequence[Sequence[str]]) -> Places:
    """Return a way that reads each byte once."""
    group_of = [number for number, hints in enumerate(groups) for _ in hints]
    scan = _scanner([hint for hints in groups for hint in hints], 0)

    def found(index: int, _start: int, end: int, _flags: int, into: list[tuple[int, int]]) -> None:
        into.append((group_of[index], end))

    def places(text: bytes) -> list[list[int]]:
        ends: list[list[int]] = [[] for _ in groups]
        for group, end in scan(text, found):
            ends[group].append(end)
        return ends

    return places


def places_by_re2(groups: Sequence[Sequence[str]]) -> Places:
    """Return the same without Hyperscan."""
    together = [compiled("|".join(f"(?:{hint})" for hint in hints)) for hints in groups]
    return lambda text: [[match.end() for match in pattern.finditer(text)] for pattern in together]


def best(patterns: Sequence[str]) -> Which:
    """Return the fastest way to tell which of the patterns match."""
    if hyperscan is not None:
        return by_hyperscan(patterns)
    return by_letters(patterns) if len(patterns) >= _MANY else by_set(patterns)


def by_hyperscan(patterns: Sequence[str]) -> Which:
    """Return a way that reads each byte once, whatever the patterns are."""
    scan = _scanner(patterns, hyperscan.HS_FLAG_SINGLEMATCH)

    def found(index: int, _start: int, _end: int, _flags: int, into: list[int]) -> None:
        into.append(index)

    return lambda text: scan(text, found)


def _scanner(patterns: Sequence[str], flags: int) -> Callable[[bytes, Callable[..., None]], list[Any]]:
    """Return what scans a text and lets a function put into a list what it is told of each match."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[pattern.encode("latin-1") for pattern in patterns],
        ids=list(range(len(patterns))),
        flags=[flags] * len(patterns),
    )
    # Its working memory is for one text at a time.
    turn = threading.Lock()

    def scan(text: bytes, found: Callable[..., None]) -> list[int]:
        into: list[Any] = []
        with turn:
            database.scan(text, match_event_handler=found, context=into)
        return into

    return scan


def by_set(patterns: Sequence[str]) -> Which:
    """Return a way by one automaton of RE2."""
    together = re2.Set.SearchSet(_options())
    for pattern in patterns:
        together.Add(pattern.encode("latin-1"))
    together.Compile()
    return lambda text: together.Match(text) or ()


def by_letters(patterns: Sequence[str]) -> Which:
    """Return a way for hundreds of patterns, most of which need letters that few texts have."""
    needed = re2.Filter()
    for pattern in patterns:
        needed.Add(pattern.encode("latin-1"), _options())
    needed.Compile()
    # What may be in a text of all short runs of letters needs no long one, so that nearly any text may have it.
    short = "".join(map("".join, product(_SHORT, repeat=3)))
    common = sorted(needed.Match(short.encode(), potential=True) or ())
    of_common = by_set([patterns[index] for index in common])

    def which(text: bytes) -> Iterator[int]:
        possible = set(needed.Match(text, potential=True) or ())
        yield from possible.difference(common)
        if possible.intersection(common):
            yield from (common[place] for place in of_common(text))

    return which


def _options() -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = _MEMORY_BYTES
    options.log_errors = False
    return options

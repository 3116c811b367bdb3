"""Which of many patterns a text matches, found in one pass over it, so that each is run only where it finds something.

Hyperscan tells which, where there is one for this processor, else RE2, slower. What matches where RE2 alone says. Both
read a text in time that is linear in it, whatever the text and the patterns are.
"""

import re
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, product
from typing import Any

import re2

from bailiwick.core.redaction import kept

hyperscan: Any = kept.hyperscan

# States of the automata that are kept; what does not fit is made again.
_MEMORY_BYTES = 96 * 2**20
_SHORT = "abcdefghijklmnopqrstuvwxyz0123456789_-.:$/+"
# So many patterns are too much for one automaton of RE2: the letters that they need are looked for first.
_MANY = 100
# Where a text has more hints than that, all of it is looked through: being told of each would take longer.
_MOST_HINTS, _BYTES_A_HINT = 500, 100
# Between parts of a text that are looked through together.
_GAP = b"\n\0\n"
# Letters that a pattern begins with, behind the beginning of a word.
_BEGINNING = re.compile(r"\\b\(?((?:[A-Za-z0-9_@-]|\\[.$-])+)")
_SHORTEST_BEGINNING = 2
# What nests, after what only looks so: escapes and classes of letters.
_SIGNS_OF_PATTERN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()|]")
_MOST_BEGINNINGS = 200

Which = Callable[[bytes], Iterable[int]]
# Where the hints of each group end in a text, in order; None where there are too many.
Places = Callable[[bytes], list[list[int]] | None]


def compiled(pattern: str) -> Any:
    """Return a pattern for bytes, each of which is a letter of Latin 1."""
    return re2.compile(pattern.encode("latin-1"), _options())


class Sieve:
    """Patterns that are run over a text only if they match it."""

    def __init__(self, patterns: Sequence[str], which: Callable[[Sequence[str]], Which] | None = None) -> None:
        """Take patterns, and what tells which of them match a text: the best that this processor has, if left out."""
        self._patterns = [compiled(pattern) for pattern in patterns]
        self._beginnings = [beginning_of(pattern) for pattern in patterns]
        self._which = (which or best)(patterns)

    def finds(self, text: bytes) -> bool:
        """Return whether any pattern matches a text."""
        return any(True for _ in self._which(text))

    def matches(self, text: bytes) -> Iterator[tuple[int, Any]]:
        """Yield which pattern and its match, pattern by pattern."""
        for index in sorted(self._which(text)):
            for match in _matches(self._patterns[index], self._beginnings[index], text):
                yield index, match


def beginning_of(pattern: str) -> bytes:
    """Return letters that every match of a pattern begins with; none where that is not plain to see."""
    found = _BEGINNING.match(pattern)
    if found is None or _is_choice(pattern):
        return b""
    letters = re.sub(r"\\(.)", r"\1", found[1])
    # The last one may be there less often, or not at all.
    counted = pattern[found.end() : found.end() + 1] in {"?", "*", "+", "{"}
    letters = letters[:-1] if counted else letters
    return letters.encode() if len(letters) >= _SHORTEST_BEGINNING else b""


def _is_choice(pattern: str) -> bool:
    """Return whether a pattern, or the group that it begins with, is one of several."""
    depth, outer = 0, int(pattern.startswith(r"\b("))
    for sign in _SIGNS_OF_PATTERN.findall(pattern):
        depth += (sign == "(") - (sign == ")")
        outer = min(outer, depth) if sign == ")" else outer
        if sign == "|" and depth <= outer:
            return True
    return False


def _matches(pattern: Any, beginning: bytes, text: bytes) -> Iterator[Any]:
    """Yield the matches of a pattern. Where it can begin is looked for first, unless that is nearly everywhere."""
    place = text.find(beginning) if beginning else -1
    for _ in range(_MOST_BEGINNINGS if beginning else 0):
        if place < 0:
            return
        match = pattern.match(text, place)
        if match is not None:
            yield match
        place = text.find(beginning, place + 1 if match is None else match.end())
    yield from pattern.finditer(text, max(0, place))


class NearSieve:
    """Patterns that are run only around hints: cheap patterns, one of which is in whatever any of them matches."""

    def __init__(self, patterns: Sequence[str], hints: Sequence[str], before: int, after: int) -> None:
        """Take how many bytes before and after the end of a hint a match may reach at most."""
        self._patterns = [compiled(pattern) for pattern in patterns]
        self._which = best(patterns) if len(patterns) > 1 else None
        self.hints = tuple(hints)
        self._before, self._after = before, after

    @cached_property
    def _places(self) -> Places:
        # Compiled when it is asked for: others find the hints of many sieves in one pass.
        return places_of([self.hints])

    def matches(self, text: bytes) -> Iterator[tuple[int, Any, int]]:
        """Yield which pattern, its match in what was looked at, and how much further back in the text that begins."""
        places = self._places(text)
        return self.matches_near(text, None if places is None else places[0])

    def matches_near(self, text: bytes, places: Sequence[int] | None) -> Iterator[tuple[int, Any, int]]:
        """Yield the same for a text whose hints end at these places; None where there are too many to tell."""
        parts = self.parts(text, places)
        if len(parts) > 1:
            yield from self._in_parts(text, parts)
        for begin, end in parts[:1] if len(parts) == 1 else ():
            part = text[begin:end]
            for index in self._possible(part):
                for match in self._patterns[index].finditer(part):
                    yield index, match, begin

    def _in_parts(self, text: bytes, parts: Sequence[tuple[int, int]]) -> Iterator[tuple[int, Any, int]]:
        """Look through parts together, which takes a search for each pattern instead of one for each part as well."""
        pieces = [text[begin:end] for begin, end in parts]
        together = _GAP.join(pieces)
        begins = list(accumulate((len(piece) + len(_GAP) for piece in pieces[:-1]), initial=0))
        for index in self._possible(together):
            found = []
            for match in self._patterns[index].finditer(together):
                number = bisect_right(begins, match.start()) - 1
                if match.end() > begins[number] + len(pieces[number]):
                    # It reaches over two parts, and may hide one that does not.
                    found = [
                        (own, begin)
                        for piece, (begin, _) in zip(pieces, parts, strict=True)
                        for own in self._patterns[index].finditer(piece)
                    ]
                    break
                found.append((match, parts[number][0] - begins[number]))
            for match, begin in found:
                yield index, match, begin

    def parts(self, text: bytes, places: Sequence[int] | None) -> list[tuple[int, int]]:
        """Return the parts of a text in which there may be matches, in order."""
        if places is None:
            return [(0, len(text))]
        before, after, most = self._before, self._after, len(text)
        return parts_together((max(0, place - before), min(most, place + after)) for place in places)

    def _possible(self, text: bytes) -> Iterable[int]:
        """Return which patterns may match in what is looked at."""
        return range(len(self._patterns)) if self._which is None else sorted(self._which(text))


def parts_together(parts: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return parts of a text, those that touch each other as one; they come by their ends."""
    found: list[tuple[int, int]] = []
    for begin, end in parts:
        while found and begin <= found[-1][1]:
            before, until = found.pop()
            begin, end = min(begin, before), max(end, until)  # noqa: PLW2901 - both together
        found.append((begin, end))
    return found


def places_of(groups: Sequence[Sequence[str]]) -> Places:
    """Return what tells where the hints of each group end in a text, in order: all groups in one pass, where that is
    possible.
    """
    return (places_by_hyperscan if hyperscan is not None else places_by_re2)(groups)


def places_by_hyperscan(groups: Sequence[Sequence[str]]) -> Places:
    """Return a way that reads each byte once."""
    group_of = [number for number, hints in enumerate(groups) for _ in hints]
    scan = _scanner([hint for hints in groups for hint in hints], 0)

    def places(text: bytes) -> list[list[int]] | None:
        ends: list[list[int]] = [[] for _ in groups]
        most = _MOST_HINTS + len(text) // _BYTES_A_HINT

        def found(index: int, _start: int, end: int, _flags: int, into: list[int]) -> bool:
            ends[group_of[index]].append(end)
            into.append(end)
            return len(into) > most

        try:
            scan(text, found)
        except hyperscan.ScanTerminated:
            return None
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


def _scanner(patterns: Sequence[str], flags: int) -> Callable[[bytes, Callable[..., bool | None]], list[Any]]:
    """Return what scans a text and tells a function of each match, to put into a list, until that says True."""
    scanned = kept.database([pattern.encode("latin-1") for pattern in patterns], flags)
    # Its working memory is for one text at a time.
    turn = threading.Lock()

    def scan(text: bytes, found: Callable[..., bool | None]) -> list[int]:
        into: list[Any] = []
        with turn:
            scanned.scan(text, match_event_handler=found, context=into)
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

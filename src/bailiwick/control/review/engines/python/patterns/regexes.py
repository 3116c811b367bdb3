"""Patterns that take exponential time: where one text can be matched in many ways, and then fails.

A pattern becomes an automaton of its letters' positions (Glushkov). Trying all ways takes exponential time when some
text leads from a position back to it in two ways: on two paths, or over one edge that stands for two ways. (Weideman
et al., "Analyzing matching time behavior of backtracking regular expression matchers", 2016.)
"""

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Watch, calls
from bailiwick.control.review.model import Finding

_FUNCTIONS = frozenset({"compile", "match", "search", "fullmatch", "findall", "finditer", "split", "sub", "subn"})
_MODULES = ("re.", "regex.")
_LETTERS = [chr(code) for code in range(128)] + ["é", "Ж", "中", "٣", "\u2028"]
_ALL = (1 << len(_LETTERS)) - 1
_MOST_POSITIONS = 160
_MOST_PAIRS = 60_000
_MANY = 12


class _TooLargeError(Exception):
    """A pattern with more positions than are looked at."""


@dataclass
class _Part:
    """A part of an automaton: where it can begin and end, and whether it can be empty."""

    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    empty: bool = True


class _Automaton:
    """The positions of a pattern with the letters that each takes, and how often one follows another."""

    def __init__(self) -> None:
        self.letters: list[int] = []
        self.follows: list[dict[int, int]] = []

    def position(self, letters: int) -> _Part:
        if len(self.letters) >= _MOST_POSITIONS:
            raise _TooLargeError
        self.letters.append(letters)
        self.follows.append({})
        return _Part([len(self.letters) - 1], [len(self.letters) - 1], empty=False)

    def join(self, ends: list[int], starts: list[int]) -> None:
        for one in ends:
            for other in starts:
                self.follows[one][other] = self.follows[one].get(other, 0) + 1

    def sequence(self, parts: list[_Part]) -> _Part:
        whole = _Part()
        for part in parts:
            self.join(whole.last, part.first)
            if whole.empty:
                whole.first = whole.first + part.first
            whole.last = part.last + whole.last if part.empty else part.last
            whole.empty = whole.empty and part.empty
        return whole


@lru_cache(maxsize=4096)
def is_slow(pattern: str, flags: int = 0, *, whole: bool = False) -> bool:
    """Return whether a pattern takes exponential time on some text. `whole`: it must match to the text's end.

    A pattern that does not parse, or is too large to be looked at, is not said to be slow.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = re._parser.parse(pattern, flags & ~re.DEBUG)
        return _analysed(list(tree), tree.state.flags | flags, fails=whole)
    except (re.error, _TooLargeError, RecursionError, OverflowError, ValueError):
        return False


def _analysed(tree: list[Any], flags: int, fails: bool) -> bool:
    """Return whether a part is slow; `fails`: what comes after it can fail, so that all its ways are tried."""
    for kind, value in reversed(tree):
        name = str(kind)
        if name in {"MAX_REPEAT", "MIN_REPEAT"}:
            low, high, inner = value
            if _unbounded(high) and fails and _loop_is_ambiguous(kind, value, flags):
                return True
            if _analysed(list(inner), flags, fails):
                return True
            fails = fails or low > 0
        elif name == "SUBPATTERN":
            if _analysed(list(value[3]), (flags | value[1]) & ~value[2], fails):
                return True
            fails = fails or _width(value[3]) > 0
        elif name == "BRANCH":
            if any(_analysed(list(item), flags, fails) for item in value[1]):
                return True
            fails = fails or all(_width(item) > 0 for item in value[1])
        else:
            fails = True
    return False


def _width(tree: Any) -> int:
    """Return how many letters a part takes at least; an anchor counts, as it can fail."""
    anchors = sum(str(kind) in {"AT", "ASSERT", "ASSERT_NOT"} for kind, _ in tree)
    return int(tree.getwidth()[0]) + anchors


def _loop_is_ambiguous(kind: Any, value: Any, flags: int) -> bool:
    automaton = _Automaton()
    _piece(automaton, str(kind), value, flags)
    return _ambiguous(automaton)


def _unbounded(high: Any) -> bool:
    return str(high) == "MAXREPEAT" or (isinstance(high, int) and high >= _MANY)


def _build(automaton: _Automaton, tree: Any, flags: int) -> _Part:
    return automaton.sequence([_piece(automaton, str(kind), value, flags) for kind, value in tree])


def _piece(automaton: _Automaton, kind: str, value: Any, flags: int) -> _Part:
    match kind:
        case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
            return automaton.position(_letters(kind, value, flags))
        case "MAX_REPEAT" | "MIN_REPEAT":
            return _repeated(automaton, value, flags)
        case "SUBPATTERN":
            _, more, less, inner = value
            return _build(automaton, inner, (flags | more) & ~less)
        case "BRANCH":
            return _either([_build(automaton, item, flags) for item in value[1]])
        case "POSSESSIVE_REPEAT" | "ATOMIC_GROUP":
            # What is inside is tried once; it takes anything, and is no way back.
            return automaton.position(0)
        case "GROUPREF":
            return automaton.position(0)
    return _Part()


def _either(parts: list[_Part]) -> _Part:
    return _Part(
        [item for part in parts for item in part.first],
        [item for part in parts for item in part.last],
        any(part.empty for part in parts),
    )


def _repeated(automaton: _Automaton, value: Any, flags: int) -> _Part:
    low, high, inner = value
    if _unbounded(high):
        copies = [_build(automaton, inner, flags) for _ in range(min(max(low, 1), 2))]
        last = copies[-1]
        automaton.join(last.last, last.first)
        part = automaton.sequence(copies)
    else:
        part = automaton.sequence(
            [_optional(_build(automaton, inner, flags), number >= low) for number in range(min(high, 3))]
        )
    return _optional(part, low == 0)


def _optional(part: _Part, empty: bool) -> _Part:
    return _Part(part.first, part.last, part.empty or empty)


_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d", "CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_SPACE": r"\s", "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w", "CATEGORY_NOT_WORD": r"\W",
}  # fmt: skip


def _letters(kind: str, value: Any, flags: int) -> int:
    """Return which of the sample letters a position takes, as bits."""
    if kind == "ANY":
        return _ALL if flags & re.DOTALL else _ALL & ~_bits("\n")
    if kind == "LITERAL":
        return _literal(value, flags)
    if kind == "NOT_LITERAL":
        return _ALL & ~_literal(value, flags)
    found, negated = 0, False
    for inner, item in value:
        match str(inner):
            case "NEGATE":
                negated = True
            case "LITERAL":
                found |= _literal(item, flags)
            case "RANGE":
                found |= _range(item, flags)
            case "CATEGORY":
                found |= _category(_CATEGORIES.get(str(item), "."))
    return _ALL & ~found if negated else found


@lru_cache(maxsize=16)
def _category(pattern: str) -> int:
    return _bits("".join(letter for letter in _LETTERS if re.fullmatch(pattern, letter, re.DOTALL)))


def _literal(code: int, flags: int) -> int:
    letter = chr(code)
    found = _bits(letter)
    if flags & re.IGNORECASE:
        found |= _bits(letter.lower()) | _bits(letter.upper()[:1])
    return found


def _range(ends: tuple[int, int], flags: int) -> int:
    found = 0
    for number, letter in enumerate(_LETTERS):
        forms = {letter, letter.lower(), letter.upper()[:1]} if flags & re.IGNORECASE else {letter}
        if any(len(form) == 1 and ends[0] <= ord(form) <= ends[1] for form in forms):
            found |= 1 << number
    return found


def _bits(text: str) -> int:
    found = 0
    for letter in text:
        if letter in _LETTERS:
            found |= 1 << _LETTERS.index(letter)
    return found


def _ambiguous(automaton: _Automaton) -> bool:
    """Return whether some text leads from a position back to itself in two ways."""
    for start in range(len(automaton.letters)):
        if start in _reached(automaton, start) and _two_ways(automaton, start):
            return True
    return False


def _reached(automaton: _Automaton, start: int) -> set[int]:
    seen: set[int] = set()
    todo = list(automaton.follows[start])
    while todo:
        here = todo.pop()
        if here not in seen:
            seen.add(here)
            todo += automaton.follows[here]
    return seen


def _two_ways(automaton: _Automaton, start: int) -> bool:
    """Return whether two walkers who read one text leave a position, part or take a double edge, and both come back."""
    seen: set[tuple[int, int, bool]] = set()
    todo = [(start, start, False)]
    while todo:
        one, other, apart = todo.pop()
        for first, times in automaton.follows[one].items():
            for second in automaton.follows[other]:
                if not automaton.letters[first] & automaton.letters[second]:
                    continue
                parted = apart or first != second or (one == other and times > 1)
                if first == second == start and parted:
                    return True
                state = (first, second, parted)
                if state not in seen:
                    if len(seen) > _MOST_PAIRS:
                        raise _TooLargeError
                    seen.add(state)
                    todo.append(state)
    return False


def slow(view: View, call: ast.Call) -> Iterator[Finding]:
    """A pattern of the module `re` that takes exponential time."""
    name = view.name(call.func)
    if not (name.startswith(_MODULES) and view.last(call.func) in _FUNCTIONS) and not name.endswith("RegexValidator"):
        return
    flags = _flags(call)
    for text in view.texts(view.argument(call, 0, "pattern", "regex")):
        if len(text) < 4096 and is_slow(text, flags, whole=view.last(call.func) == "fullmatch"):
            yield view.finding("slow-pattern", call, "a text that almost matches takes exponential time")
            return


def _flags(call: ast.Call) -> int:
    names = {item.attr for item in ast.walk(call) if isinstance(item, ast.Attribute)}
    known = {"I": re.I, "IGNORECASE": re.I, "S": re.S, "DOTALL": re.S, "X": re.X, "VERBOSE": re.X}
    return int(sum({int(known[name]) for name in names & set(known)}))


WATCHES: tuple[Watch, ...] = (calls(slow, *_FUNCTIONS, "RegexValidator"),)

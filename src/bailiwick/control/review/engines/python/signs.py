"""Which signs a text may hold that a regular expression lets through."""

import re
import string
from collections.abc import Iterable
from functools import lru_cache
from re import _parser as parser
from typing import Any

_LONGEST = 2000
_WORD = frozenset(string.ascii_letters + string.digits + "_")
_DIGITS = frozenset(string.digits)
_SPACE = frozenset(" \t\n\r\f\v")
_ALL = frozenset(map(chr, range(128)))
_CATEGORIES = {
    "CATEGORY_WORD": _WORD, "CATEGORY_DIGIT": _DIGITS, "CATEGORY_SPACE": _SPACE, "CATEGORY_NOT_WORD": _ALL - _WORD,
    "CATEGORY_NOT_DIGIT": _ALL - _DIGITS, "CATEGORY_NOT_SPACE": _ALL - _SPACE,
}  # fmt: skip


@lru_cache(maxsize=512)
def allowed_signs(pattern: str, function: str) -> frozenset[str] | None:
    """Return the ASCII signs of any text that a pattern matches from end to end; None when a text can hold any.

    `function` is what matches: `fullmatch` goes to both ends by itself, `match` needs an anchor at the end, `search`
    at both. The line end that `$` lets through at the end of a text harms nothing alone, and does not count.
    """
    if len(pattern) > _LONGEST:
        return None
    try:
        tree = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError, ValueError):
        return None
    if tree.state.flags & re.MULTILINE:
        return None
    items = list(tree)
    if function != "fullmatch" and not (items and _is_anchor(items[-1], {"AT_END", "AT_END_STRING"})):
        return None
    if function not in {"fullmatch", "match"} and not _is_anchor(items[0], {"AT_BEGINNING", "AT_BEGINNING_STRING"}):
        return None
    signs = _signs_of(items)
    return None if signs is None else frozenset(signs)


@lru_cache(maxsize=512)
def refused_signs(pattern: str) -> frozenset[str]:
    """Return the signs of which a text has none when a search for the pattern finds nothing: `[^a-z]`, `[;&|]`."""
    try:
        items = list(parser.parse(pattern))
    except (re.error, RecursionError, OverflowError, ValueError):
        return frozenset()
    if len(items) == 1 and str(items[0][0]) in {"MAX_REPEAT", "MIN_REPEAT"} and items[0][1][0] <= 1:
        items = list(items[0][1][2])
    if len(items) != 1:
        return frozenset()
    signs = _signs_of_one(items[0])
    return frozenset(signs or ())


def _is_anchor(item: tuple[Any, Any], names: set[str]) -> bool:
    return str(item[0]) == "AT" and str(item[1]) in names


def _signs_of(items: Iterable[tuple[Any, Any]]) -> set[str] | None:
    signs: set[str] = set()
    for item in items:
        more = _signs_of_one(item)
        if more is None:
            return None
        signs |= more
    return signs


def _signs_of_one(item: tuple[Any, Any]) -> set[str] | None:  # noqa: PLR0911 - one a form
    kind, value = str(item[0]), item[1]
    if kind == "LITERAL":
        return {chr(value)}
    if kind == "NOT_LITERAL":
        return set(_ALL - {chr(value)})
    if kind == "ANY":
        return None
    if kind == "IN":
        return _signs_of_set(value)
    if kind in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        return _signs_of(value[2])
    if kind == "SUBPATTERN":
        return _signs_of(value[-1])
    if kind == "BRANCH":
        return _joined(_signs_of(branch) for branch in value[1])
    if kind in {"AT", "ASSERT", "ASSERT_NOT", "GROUPREF"}:
        return set()
    if kind == "ATOMIC_GROUP":
        return _signs_of(value)
    return None


def _joined(parts: Iterable[set[str] | None]) -> set[str] | None:
    signs: set[str] = set()
    for part in parts:
        if part is None:
            return None
        signs |= part
    return signs


def _signs_of_set(parts: Iterable[tuple[Any, Any]]) -> set[str]:
    signs: set[str] = set()
    negated = False
    for kind, value in parts:
        name = str(kind)
        if name == "NEGATE":
            negated = True
        elif name == "LITERAL":
            signs.add(chr(value))
        elif name == "RANGE":
            signs |= {chr(code) for code in range(value[0], min(value[1], 127) + 1)}
        elif name == "CATEGORY":
            signs |= _CATEGORIES.get(str(value), _ALL)
    return set(_ALL - signs) if negated else signs

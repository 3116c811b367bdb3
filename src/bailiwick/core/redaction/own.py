"""Finds an organisation's own patterns and words in a text, in time that is linear in it, however many they are.

Patterns are one automaton of RE2, which tells those that match. Of the words, the one that says most in each entry is
looked up among all words of the text, which is split once: a list of fifty thousand names costs what one of five does,
and only entries whose word is there are searched for.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import re2

from bailiwick.core.masking import Masker
from bailiwick.core.redaction.found import Found, apart, shown_for
from bailiwick.core.redaction_rules import OwnPattern, OwnRules, searched_options

# How far from a value one of the words may stand that it must be near to (bytes).
_NEAR_BYTES = 80
# What parts words, in ASCII; every other character is a letter of some writing.
_PARTS = bytes(sign for sign in range(128) if not (chr(sign).isalnum() or chr(sign) == "_"))
_APART = bytes.maketrans(_PARTS, b" " * len(_PARTS))
# Between two words of an entry a text may break its line, also in JSON.
_BETWEEN = r"(?:\\n|[\s_-]){1,3}"
_MOST_MEMORY = 64 * 2**20


class LogMasker:
    """Masks lines of logs: values that are known, and the organisation's own."""

    def __init__(self, masker: Masker, own: "Own") -> None:
        self._masker = masker
        self._own = own

    def mask(self, text: str) -> str:
        """Return the text with each of them replaced."""
        masked = self._masker.mask(text)
        return self._own.masked(masked) if self._own else masked


class Own:
    """What was found is told by the names of the rules."""

    def __init__(self, rules: OwnRules = OwnRules()) -> None:  # noqa: B008 - it is frozen
        self.rules = rules
        self._patterns = _Patterns(rules.patterns) if rules.patterns else None
        exact = [(rule.name, word) for rule in rules.dictionaries if not rule.ignore_case for word in rule.words]
        loose = [(rule.name, word) for rule in rules.dictionaries if rule.ignore_case for word in rule.words]
        self._words = [
            _Words(entries, ignore_case=ignore) for entries, ignore in ((exact, False), (loose, True)) if entries
        ]

    def __bool__(self) -> bool:
        return bool(self._patterns or self._words)

    def found(self, text: str, written: bytes) -> Iterator[Found]:
        """Yield what is found in a text, which `written` is in UTF-8; some of it more than once."""
        if self._patterns is not None:
            yield from self._patterns.found(written)
        if self._words:
            there = _words_of(text)
            for words in self._words:
                yield from words.found(written, there)

    def masked(self, text: str) -> str:
        """Return a text with each value replaced by what it is, for good."""
        written = text.encode(errors="surrogatepass")
        kept, place = [], 0
        for item in apart(self.found(text, written)):
            kept += [written[place : item.start], shown_for(item.kind).encode()]
            place = item.end
        return b"".join([*kept, written[place:]]).decode(errors="surrogatepass") if kept else text

    def names_in(self, text: str) -> frozenset[str]:
        """Return the names of the rules that find something in a text."""
        return frozenset(item.kind for item in self.found(text, text.encode(errors="surrogatepass"))) if self else _NONE


_NONE: frozenset[str] = frozenset()


class _Patterns:
    def __init__(self, patterns: Iterable[OwnPattern]) -> None:
        options: Any = searched_options()
        options.max_mem = _MOST_MEMORY
        self._set = re2.Set.SearchSet(options)
        self._rules = []
        for rule in patterns:
            self._set.Add(rule.pattern)
            near = re2.compile("|".join(map(re2.escape, rule.near)), searched_options(ignore_case=True))
            self._rules.append((rule.name, re2.compile(rule.pattern, options), near if rule.near else None))
        self._set.Compile()

    def found(self, written: bytes) -> Iterator[Found]:
        for index in self._set.Match(written) or ():
            name, pattern, near = self._rules[index]
            for match in pattern.finditer(written):
                start, end = match.span()
                around = written[max(0, start - _NEAR_BYTES) : end + _NEAR_BYTES]
                if end > start and (near is None or near.search(around) is not None):
                    yield Found(start, end, name)


class _Words:
    """Entries by the word of each that is rarest, as far as its length tells."""

    def __init__(self, entries: Iterable[tuple[str, str]], *, ignore_case: bool) -> None:
        self._ignore_case = ignore_case
        self._by_word: dict[bytes, list[tuple[str, str]]] = {}
        for name, entry in entries:
            telling = max(_words_of(entry), key=len)
            self._by_word.setdefault(telling, []).append((name, entry))

    def found(self, written: bytes, there: frozenset[bytes]) -> Iterator[Found]:
        by_name: dict[str, list[str]] = {}
        for word in self._by_word.keys() & there:
            for name, entry in self._by_word[word]:
                by_name.setdefault(name, []).append(entry)
        for name, entries in by_name.items():
            for match in _pattern(entries, ignore_case=self._ignore_case).finditer(written):
                start, end = match.span()
                if _is_apart(written, start - 1) and _is_apart(written, end):
                    yield Found(start, end, name)


def _words_of(text: str) -> frozenset[bytes]:
    return frozenset(text.lower().encode(errors="surrogatepass").translate(_APART).split())


def _pattern(entries: Iterable[str], *, ignore_case: bool) -> Any:
    """Return what finds any of some entries, the longest where several begin at a place."""
    options: Any = searched_options(ignore_case=ignore_case)
    options.max_mem = _MOST_MEMORY
    longest_first = sorted(set(entries), key=lambda entry: (-len(entry), entry))
    return re2.compile("|".join(_BETWEEN.join(map(re2.escape, entry.split())) for entry in longest_first), options)


def _is_apart(written: bytes, place: int) -> bool:
    """Return whether no word goes on at a place, which may be outside of the text."""
    return not 0 <= place < len(written) or written[place] in _PARTS

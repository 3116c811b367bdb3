"""Which of many patterns a text matches, found in one pass over it, so that each is run only where it finds something.

RE2 reads a text in time that is linear in it, whatever the text and the patterns are.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import re2

# States of the automata that are kept; what does not fit is made again.
_MEMORY_BYTES = 96 * 2**20
_SHORT = "abcdefghijklmnopqrstuvwxyz0123456789_-.:$/+"


def compiled(pattern: str) -> Any:
    """Return a pattern for bytes, each of which is a letter of Latin 1."""
    return re2.compile(pattern.encode("latin-1"), _options())


class Sieve:
    """Patterns that are run over a text only if they match it."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = [compiled(pattern) for pattern in patterns]
        self._set = re2.Set.SearchSet(_options())
        for pattern in patterns:
            self._set.Add(pattern.encode("latin-1"))
        self._set.Compile()

    def matches(self, text: bytes) -> Iterator[tuple[int, Any]]:
        """Yield which pattern and its match, pattern by pattern."""
        for index in sorted(self._set.Match(text) or ()):
            for match in self._patterns[index].finditer(text):
                yield index, match


class LetterSieve:
    """The same for hundreds of patterns, most of which need letters that few texts have: those are looked for first."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = [compiled(pattern) for pattern in patterns]
        self._filter = re2.Filter()
        for pattern in patterns:
            self._filter.Add(pattern.encode("latin-1"), _options())
        self._filter.Compile()
        # What may be in a text of all short runs of letters needs no long one, so that nearly any text may have it.
        short = "".join(map("".join, product(_SHORT, repeat=3)))
        self._common = sorted(self._filter.Match(short.encode(), potential=True) or ())
        self._sieve = Sieve([patterns[index] for index in self._common])

    def matches(self, text: bytes) -> Iterator[tuple[int, Any]]:
        """Yield which pattern and its match, pattern by pattern."""
        possible = set(self._filter.Match(text, potential=True) or ())
        for index in sorted(possible.difference(self._common)):
            for match in self._patterns[index].finditer(text):
                yield index, match
        if possible.intersection(self._common):
            for place, match in self._sieve.matches(text):
                yield self._common[place], match


def _options() -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = _MEMORY_BYTES
    options.log_errors = False
    return options

"""Places in Cedar text: its tokens, its policies one by one, and where in a policy a fault lies."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cedarpy

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)|"(?:[^"\\\n]|\\.)*"|[A-Za-z_]\w*|\d+|::|==|!=|<=|>=|&&|\|\||.""", re.DOTALL
)
_UNFINISHED = "unexpected end of input"
_MOST_TRIED = 500
# Cedar's parser goes one call deeper for each of these, and where the stack ends, the process does.
_DEEPENING = frozenset({"(", "[", "{", ".", "!", "-", "+", "*", "&&", "||", "if"})


@dataclass(frozen=True, slots=True)
class Token:
    """A word of Cedar text, from `start` to `end` in characters."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One policy of a text, as tokens; `whole` says whether its semicolon is there."""

    source: str
    tokens: tuple[Token, ...]

    @property
    def text(self) -> str:
        """The policy itself."""
        return self.source[self.tokens[0].start : self.tokens[-1].end]

    @property
    def whole(self) -> bool:
        """Whether its semicolon is there."""
        return self.tokens[-1].text == ";"

    @property
    def depth(self) -> int:
        """How deep it can be nested at most."""
        return sum(token.text in _DEEPENING for token in self.tokens)

    def find(self, names: Sequence[str]) -> Token | None:
        """Return the first token that is one of these names, bare or in quotes; names that come first count most."""
        for name in names:
            for token in self.tokens:
                if token.text in {name, f'"{name}"'}:
                    return token
        return None

    def conditions(self) -> Token:
        """Return where its conditions begin, or else where it begins itself."""
        return next((token for token in self.tokens if token.text in {"when", "unless"}), self.tokens[0])

    def first_unparsable(self) -> Token:
        """Return the token at which Cedar stops to understand: up to the one before, more could make it whole."""
        places = range(min(len(self.tokens), _MOST_TRIED))
        return self.tokens[next((place for place in places if not self._may_go_on_after(place)), -1)]

    def _may_go_on_after(self, last: int) -> bool:
        piece = self.source[self.tokens[0].start : self.tokens[last].end]
        try:
            cedarpy.PolicySet.from_str(piece)
        except ValueError as fault:
            return _UNFINISHED in str(fault)
        return True


def statements(text: str) -> list[Statement]:
    """Return the policies of a text; the last one may lack its end."""
    tokens = list(_tokens(text))
    ends = [place + 1 for place, token in enumerate(tokens) if token.text == ";"]
    cuts = [0, *ends] if ends and ends[-1] == len(tokens) else [0, *ends, len(tokens)]
    return [Statement(text, tuple(tokens[start:end])) for start, end in pairwise(cuts) if end > start]


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Return the line and column of a character, both from 1."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def _tokens(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        if match["space"] is None:
            yield Token(match[0], match.start(), match.end())

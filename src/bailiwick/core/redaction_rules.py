"""What an organisation says it has of its own: patterns and words with a name, checked as they are read.

A name becomes what stands for a value: `customer-number` is `[CUSTOMER_NUMBER_1]`.
"""

from typing import Annotated, Self

import re2
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

MOST_PATTERNS, MOST_WORDS, MOST_WORDS_CHARACTERS = 200, 50_000, 2 * 2**20
_SHORTEST_WORD = 3
# Patterns are run over every prompt: none may be larger than this when it is compiled.
_MOST_PATTERN_MEMORY = 2**20
# What is found without any rule is called so already.
TAKEN = frozenset(
    "secret known-secret email phone name birth-date address national-id document-id iban card account ip mac".split()
)

RuleName = Annotated[str, StringConstraints(pattern=r"^[a-z]+(?:-[a-z]+)*$", min_length=2, max_length=30)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=_SHORTEST_WORD, max_length=200)]


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: RuleName

    @field_validator("name")
    @classmethod
    def _is_free(cls, name: str) -> str:
        if name in TAKEN:
            raise ValueError(f"'{name}' is what the platform itself finds; choose another name")
        return name


class OwnPattern(_Rule):
    """What a value looks like (RE2). Where `near` has words, it counts only close to one of them, in whatever case."""

    pattern: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    near: tuple[Word, ...] = Field(default=(), max_length=50)

    @field_validator("pattern")
    @classmethod
    def _can_be_searched(cls, pattern: str) -> str:
        try:
            made = re2.compile(pattern, searched_options())
        except re2.error as fault:
            said = fault.args[0] if fault.args else fault
            words = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
            raise ValueError(f"RE2 cannot read it: {words} (it has no lookaround and no backreferences)") from None
        if made.search("") is not None:
            raise ValueError("it matches nothing at all, so it would match everywhere; let it need a character")
        return pattern


class OwnWords(_Rule):
    """Words and names as they are written, whole: in whatever case where `ignore_case` says so."""

    words: tuple[Word, ...] = ()
    ignore_case: bool = False

    @field_validator("words")
    @classmethod
    def _have_letters(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            if not any(sign.isalnum() for sign in word):
                raise ValueError(f"'{word[:40]}' has no letter and no digit")
        return words


class OwnRules(BaseModel):
    """All of them. Two with the same name are one kind of value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    patterns: tuple[OwnPattern, ...] = Field(default=(), max_length=MOST_PATTERNS)
    dictionaries: tuple[OwnWords, ...] = Field(default=(), max_length=MOST_PATTERNS)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        words = [word for dictionary in self.dictionaries for word in dictionary.words]
        if len(words) > MOST_WORDS or sum(map(len, words)) > MOST_WORDS_CHARACTERS:
            raise ValueError(f"dictionaries: {len(words):,} words are too many; {MOST_WORDS:,} are taken together")
        return self

    @property
    def names(self) -> frozenset[str]:
        """What values are called that are found by them."""
        return frozenset(rule.name for rule in (*self.patterns, *self.dictionaries))


def searched_options(*, ignore_case: bool = False) -> object:
    """Return how RE2 reads such patterns: texts are UTF-8."""
    options = re2.Options()
    options.max_mem = _MOST_PATTERN_MEMORY
    options.log_errors = False
    options.case_sensitive = not ignore_case
    return options

"""What a parsed question is made of: clauses with tables, terms and limits, and the names that there are to be said."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bailiwick.control.grant_drafts import vocabulary as known
from bailiwick.control.grant_drafts.dates import Days
from bailiwick.control.grant_drafts.model import Table
from bailiwick.core.grants import Mask
from bailiwick.core.naming import words_of


class Way(StrEnum):
    """In which way a part of a question speaks of columns."""

    GIVE = "give"
    ALSO = "also"
    WITHOUT = "without"


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a question: `word` as it is compared, `chunk` as it was written."""

    word: str
    chunk: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand for columns or a class of data, and the table that they are said of, if one is.

    What is `masked` without a `mask` is so in the way that is usual for it.
    """

    words: known.Words
    way: Way
    said: str
    of: str = ""
    masked: bool = False
    mask: Mask | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit on rows: to the person's own `attribute`, to a `value` of a column, or to `days` of one: where none
    is named, of the only one that is a day or time.

    One that is `unsaid` no grant can hold.
    """

    said: str
    attribute: str = ""
    column: known.Words = ()
    value: str = ""
    unsaid: bool = False
    days: Days | None = None


@dataclass(slots=True)
class Clause:
    """What one part of a question says, between commas."""

    tables: list[str] = field(default_factory=list)
    not_tables: list[str] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    ranking: list[str] = field(default_factory=list)
    whose: list[str] = field(default_factory=list)
    writing: str = ""
    part: tuple[str, Mask] | None = None
    purpose: str = ""

    @property
    def names_rows(self) -> bool:
        """Whether it says of which tables or rows it speaks."""
        return bool(self.tables or self.not_tables or self.limits)


@dataclass(frozen=True, slots=True)
class Names:
    """What is there to be named: tables by their words, and every end of a column's words."""

    tables: dict[known.Words, Table]
    columns: frozenset[known.Words]
    attributes: frozenset[str]

    @classmethod
    def of(cls, tables: Sequence[Table], attributes: Sequence[str]) -> "Names":
        """Return the names of tables; where two schemas have one name, the usual schema's counts."""
        by_words: dict[known.Words, Table] = {}
        for table in sorted(tables, key=lambda item: item.namespace == "public"):
            by_words[words_of(table.name)] = table
        ends = {
            words[at:]
            for table in tables
            for words in (words_of(column.name) for column in table.columns)
            for at in range(len(words))
        }
        return cls(by_words, frozenset(ends), frozenset(attributes))

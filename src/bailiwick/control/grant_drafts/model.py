"""What grants are drafted from and what a draft is, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bailiwick.core.grants import TableGrant
from bailiwick.core.messages import TableUniqueness


@dataclass(frozen=True, slots=True)
class Column:
    """A column as drafting sees it. `data_class` is what somebody `confirmed` that it holds, or else what it seems to
    hold; empty for nothing that is known. `seems` is what it seems to hold whatever was confirmed, unless that it holds
    nothing. `prose` is free text, which may hold anything.
    """

    name: str
    type: str = ""
    data_class: str = ""
    confirmed: bool = False
    prose: bool = False
    key: bool = False
    references: str = ""
    because: str = ""
    share: int = 0
    seems: str = ""

    @property
    def classes(self) -> frozenset[str]:
        """The classes of data that it counts as: a person's name for it does not hide what it is."""
        return frozenset({self.data_class, self.seems}) - {""}


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its columns; `rows` is what the database estimates."""

    name: str
    columns: tuple[Column, ...]
    namespace: str = "public"
    rows: int | None = None

    @property
    def written(self) -> str:
        """Its name as people say it: with the schema where that is not the usual one."""
        return self.name if self.namespace == "public" else f"{self.namespace}.{self.name}"


class Became(StrEnum):
    """What became of a phrase of a question."""

    GIVEN = "given"
    LIMITED = "limited"
    WITHHELD = "withheld"
    NOT_GIVEN = "not given"
    NOT_UNDERSTOOD = "not understood"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A part of a question as it was written, what became of it, and how that is to be read."""

    words: str
    became: Became
    meaning: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a question comes to. `asked` names for each column that is opened the phrase that asks for it; `wider` says
    where more is opened than was asked, `cautions` what a person should look at.
    """

    tables: tuple[TableGrant, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    asked: Mapping[str, str] = field(default_factory=dict)
    not_given: tuple[str, ...] = ()
    wider: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()

    @property
    def unasked(self) -> tuple[str, ...]:
        """The columns that are opened although no phrase asks for them; none, or the reading is wrong."""
        opened = (f"{name_of(table)}.{column.name}" for table in self.tables for column in table.columns)
        return tuple(column for column in opened if column not in self.asked)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The tables of an integration as a plane saw them, and when; `fault` says why there are none."""

    integration: str
    plane: str
    tables: tuple[Table, ...]
    time: datetime
    left_out: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A grant that somebody thinks of: the question, what it comes to, and, once it was saved, as which access rule."""

    id: str
    integration: str
    by: str
    time: datetime
    question: str
    reading: Reading
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """That a draft may be looked at on a plane, as whom, until when; and what was counted, once it was."""

    draft: str
    plane: str
    by: str
    seen_as: str
    until: datetime
    counted: tuple[TableUniqueness, ...] | None = None


def name_of(table: TableGrant) -> str:
    """Return a granted table as people name it."""
    return table.relation if table.namespace == "public" else f"{table.namespace}.{table.relation}"

"""What the parts of a translated database tell each other: columns, bound values, statements and the way to it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from bailiwick.core.grants import Mask, TableGrant, conditions_of
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError

DialectName = Literal["sqlite", "duckdb", "mysql", "bigquery", "snowflake"]
# Warehouses are read here, and never written: they have no transaction that could be taken back.
ONLY_READ: frozenset[DialectName] = frozenset({"bigquery", "snowflake"})
# Compares by code points and without padding (MariaDB); that of MySQL 8 is put in its place where it is one.
EXACT_COLLATION = "utf8mb4_nopad_bin"
# What is bound: a type, and the one text form of a value of it (see `kinds.canonical`), None for NULL.
Value = tuple[str, str | None]
# Columns of tables, as types of PostgreSQL by name; by namespace and name of the table.
Schema = Mapping[tuple[str, str], Mapping[str, str]]


def named_columns(table: TableGrant) -> frozenset[str]:
    """Return the columns that a grant names: what is open, and what its rows go by."""
    return frozenset(column.name for column in table.columns) | {
        condition.column for condition in conditions_of(table.rows)
    }


class NotTranslatedError(StatementRefusedError):
    """A statement that the grant gives, but that means something else in the other database, or cannot be said there.

    0A000 is feature_not_supported (PostgreSQL documentation, appendix A).
    """

    def __init__(self, message: str, *, hint: str = "", sqlstate: str = "0A000") -> None:
        super().__init__(message, hint=hint, sqlstate=sqlstate, deciders=("translation",))


class EngineFaultError(Exception):
    """The database refused or failed. Neither its words nor any value of it is told: they may be of hidden rows."""

    def __init__(self, words: str, sqlstate: str = "XX000") -> None:
        super().__init__(words)
        self.words = words
        self.sqlstate = sqlstate


class Masked(NamedTuple):
    """That a column is masked with the key once it came: how, and of which type its own values are."""

    mask: Mask
    kind: str


class Column(NamedTuple):
    """A column of an answer: what the app calls it, and its type of PostgreSQL; `masked` where the gateway masks it."""

    name: str
    kind: str
    masked: Masked | None = None


class GrantEnd(NamedTuple):
    """When the grant on a table ends."""

    table: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Bind:
    """A value that the driver binds: of the statement itself (`text`), or the app's parameter number `parameter`.

    `only` is what its text must be for a row of a table to be one that the person may write, `column` says whose.
    `moment` is the time of running instead of a text, or with `days` the begin of the day (UTC) so many before;
    `positive` is a number of rows.
    """

    kind: str
    text: str | None = None
    parameter: int = 0
    only: str | None = None
    column: str = ""
    moment: bool = False
    days: int | None = None
    positive: bool = False


@dataclass(frozen=True, slots=True)
class Translated:
    """A statement in the other dialect: its text, what is bound by the number in each placeholder, what it answers, and
    when the grants end that it was made under.
    """

    sql: str
    operation: str
    columns: tuple[Column, ...] = ()
    binds: tuple[Bind, ...] = ()
    parameters: Mapping[int, str] = field(default_factory=dict)
    ends: tuple[GrantEnd, ...] = ()

    @property
    def is_masked(self) -> bool:
        """Whether something that it answers is masked once it came."""
        return any(column.masked is not None for column in self.columns)


class Batch(NamedTuple):
    """DataRow messages of the protocol, and how many they are."""

    data: bytes
    rows: int


Rows = AsyncIterator[Batch]


class EngineConnection(Protocol):
    """A connection to a translated database. One statement runs at a time; the others may be called meanwhile."""

    def run(self, sql: str, values: Sequence[Value], kinds: Sequence[str], formats: Sequence[bool]) -> Rows:
        """Run a statement and yield its rows, coded by type and format (true is binary), as they are taken.

        Raises `EngineFaultError`. `changed` says afterwards how many rows a statement without rows changed.
        """

    @property
    def changed(self) -> int:
        """How many rows the last statement changed."""

    @property
    def is_followed(self) -> bool:
        """Whether another connection should take its place: there is a newer account than it signed in with."""

    async def describe(self, tables: Sequence[TableGrant]) -> Schema:
        """Return the columns of granted tables as the database has them now."""

    async def control(self, word: str) -> None:
        """Begin, commit or roll back: `word` is one of BEGIN, COMMIT and ROLLBACK, or is about a savepoint of ours."""

    async def cancel(self) -> None:
        """Have what runs end with an error."""

    def close(self) -> None:
        """Give it back when nothing is open in it, and end it otherwise."""

    def end(self) -> None:
        """End it at once, with what it runs; the database takes back what was not committed."""


class Engine(Protocol):
    """A translated database behind an integration."""

    @property
    def dialect(self) -> DialectName:
        """What it speaks."""

    async def connect(self, application: str, *, writing: bool) -> EngineConnection:
        """Return a connection; raise `UnavailableError`, without a credential in it, when there is none."""

"""What a plane says of the tables of a connected database: names, types and shapes, never a value."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from bailiwick.core.messages.base import Message

MOST_TABLES, MOST_COLUMNS = 400, 4000
_NAME = Field(min_length=1, max_length=63)


class ColumnSeen(Message):
    """A column. `suggests` is the class of data that it seems to hold, empty for none, because of its name, the form of
    its values, or both.

    `share` says how many of the values that were looked at have the form, in tenths: what is rarer, and what few values
    were looked at for, says nothing. `prose` is text of many words, which may hold anything.
    """

    name: str = _NAME
    type: str = Field(max_length=80)
    key: bool = False
    references: str = Field(default="", max_length=200)
    suggests: str = Field(default="", max_length=40)
    because: Literal["", "name", "form", "both"] = ""
    share: int = Field(default=0, ge=0, le=10)
    prose: bool = False


class TableSeen(Message):
    """A table that the integration's account may read. `rows` is what the database estimates, None where it does not
    know.
    """

    namespace: str = _NAME
    name: str = _NAME
    rows: int | None = Field(default=None, ge=0)
    columns: tuple[ColumnSeen, ...] = Field(max_length=MOST_COLUMNS)


class CatalogueReport(Message):
    """The tables of a connected database; `fault` says why there are none to tell of, `left_out` how many more."""

    kind: Literal["catalogue"] = "catalogue"
    integration: str = Field(max_length=63)
    tables: tuple[TableSeen, ...] = Field(max_length=MOST_TABLES)
    left_out: int = Field(default=0, ge=0)
    fault: str = Field(default="", max_length=300)
    time: datetime


class TableUniqueness(Message):
    """How far rows of a table can be told apart by columns that others know of people, too.

    `unique` is the share of rows, in hundredths, that are the only one with their values; `under_five` of those that
    share them with three others at most. None where there are too few rows to say so.
    """

    table: str = Field(max_length=130)
    columns: tuple[str, ...] = Field(max_length=50)
    unique: int | None = Field(default=None, ge=0, le=100)
    under_five: int | None = Field(default=None, ge=0, le=100)
    fault: str = Field(default="", max_length=300)


class UniquenessReport(Message):
    """What was counted for a draft of a grant."""

    kind: Literal["uniqueness"] = "uniqueness"
    integration: str = Field(max_length=63)
    draft: str = Field(max_length=60)
    tables: tuple[TableUniqueness, ...] = Field(max_length=50)
    time: datetime

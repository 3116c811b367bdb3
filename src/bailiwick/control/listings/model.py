"""What can be listed, and what somebody asks of a list: columns, filters, order, place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["text", "code", "number", "time", "state"]
Value = str | int | float | datetime | None
Row = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Column:
    """A column. Of one with `choices` a filter is one of these; of text it is a part of it, of a number the least, of
    a time since when. `usual` columns are shown where nobody chose others.
    """

    name: str
    label: str
    kind: Kind = "text"
    choices: tuple[str, ...] = ()
    usual: bool = True


@dataclass(frozen=True, slots=True)
class Listing:
    """A kind of things that are listed. `key` tells rows apart; `order` is the column by which they stand at first,
    with a minus in front where it goes down.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    key: str
    order: str

    def column(self, name: str) -> Column | None:
        """Return a column by its name."""
        return next((item for item in self.columns if item.name == name), None)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a list: filters of one column are alternatives, those of several hold together."""

    sort: str
    descending: bool
    filters: tuple[tuple[str, str], ...] = ()
    shown: tuple[str, ...] = ()
    cursor: str = ""

    def of(self, column: str) -> tuple[str, ...]:
        """Return the filters of a column."""
        return tuple(value for name, value in self.filters if name == column)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of rows; the cursor is empty on the last."""

    rows: Sequence[Row]
    cursor: str

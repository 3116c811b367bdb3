"""How much of what a grant lets pass in a day has passed at a plane: counts only, never what was in the rows."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from bailiwick.core.grants import DayLimits
from bailiwick.core.messages.base import Message

MOST_PEOPLE, MOST_USES, LONGEST_PERSON = 10, 500, 300


class PersonDayUse(Message):
    """What passed for one person; `person` is empty for whoever may not know who it is."""

    person: str = Field(max_length=LONGEST_PERSON)
    rows: int = Field(ge=0)
    bytes: int = Field(ge=0)


class TableDayUse(Message):
    """What passed of a table for an app, and for how many people; `nearest` are those nearest to their limit."""

    table: str = Field(max_length=63)
    limits: DayLimits
    rows: int = Field(ge=0)
    bytes: int = Field(ge=0)
    people: int = Field(ge=0)
    nearest: tuple[PersonDayUse, ...] = Field(default=(), max_length=MOST_PEOPLE)


class DayUseReport(Message):
    """What passed in a day (UTC) of the tables of an integration that an app's grant limits."""

    kind: Literal["day-use"] = "day-use"
    app: str
    integration: str = Field(max_length=80)
    day: date
    tables: tuple[TableDayUse, ...] = Field(max_length=MOST_USES)
    time: datetime

"""What left for models, as plain values."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class OutflowFilter:
    """Which lines are wanted: of so many days up to now, and, where something is given, only what is exactly that."""

    days: int = 30
    model: str = ""
    app: str = ""
    person: str = ""
    place: str = ""
    data_class: str = ""


@dataclass(frozen=True, slots=True)
class OutflowLine:
    """What went from one place of calls of one app and person to a model, or one class of data in it; see
    `core/messages/outflows`.
    """

    model: str
    app: str
    person: str
    place: str
    data_class: str
    calls: int
    bytes: int
    found: int
    redacted: int
    refused: int
    first: datetime
    last: datetime

    @property
    def key(self) -> str:
        """A text that is this line's own."""
        return "\n".join((self.model, self.app, self.person, self.place, self.data_class))

    @property
    def left(self) -> int:
        """How many values of the class left as they are."""
        return self.found - self.redacted


@dataclass(frozen=True, slots=True)
class OutflowDay:
    """What went to models in a day (UTC); `found` counts values of data classes, `refused` calls."""

    day: date
    bytes: int
    found: int
    refused: int


@dataclass(frozen=True, slots=True)
class OutflowPage:
    """Lines with what they come to by day; `cut` says that there are more than are shown."""

    lines: tuple[OutflowLine, ...]
    days: tuple[OutflowDay, ...]
    cut: bool

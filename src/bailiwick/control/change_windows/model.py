"""Change windows and whether one is open, as plain values."""

from dataclasses import dataclass
from datetime import date, datetime

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WHOLE_DAY = ("00:00", "24:00")


@dataclass(frozen=True, slots=True)
class ClosedDays:
    """Days, the last among them, on which nothing goes out, and what they are called."""

    name: str
    first: date
    last: date

    @property
    def words(self) -> str:
        """What it says."""
        last = f" to {self.last}" if self.last != self.first else ""
        return f"{self.name} ({self.first}{last})"


@dataclass(frozen=True, slots=True)
class WindowDraft:
    """When releases may go out in a folder (empty for the organisation): on weekdays (0 is Monday), from and until a
    time by the clock of an IANA zone. Until a time that is not later than the first is until the next day.
    """

    folder: str
    days: tuple[int, ...]
    opens: str
    closes: str
    zone: str


@dataclass(frozen=True, slots=True)
class Window:
    """A window in force, or that was: its version counts the changes at its place. Without days it has no hours of its
    own: those of what it is in count, and its closed days beside theirs.
    """

    folder: str
    days: tuple[int, ...]
    opens: str
    closes: str
    zone: str
    closed: tuple[ClosedDays, ...] = ()
    version: int = 0
    set_by: str = ""
    set_at: datetime | None = None
    reason: str = ""
    ended_by: str = ""
    ended_at: datetime | None = None

    @property
    def name(self) -> str:
        """Whose it is."""
        return f"change window of {self.folder or 'the organisation'}"

    @property
    def hours(self) -> str:
        """When it is open, but for closed days."""
        if not self.days:
            return f"hours as above it, days of {self.zone}"
        days = "every day" if len(self.days) == len(WEEKDAYS) else ", ".join(WEEKDAYS[day] for day in self.days)
        hours = "all day" if (self.opens, self.closes) == WHOLE_DAY else f"{self.opens} to {self.closes}"
        over = " of the next day" if self.closes < self.opens else ""
        return f"{days} {hours}{over} ({self.zone})"

    @property
    def words(self) -> str:
        """What it says."""
        return self.hours + (f"; closed: {', '.join(item.words for item in self.closed)}" if self.closed else "")


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether releases may go out now, why, and, when not, from when on; `window` names what says so, if anything."""

    open: bool
    why: str
    window: str = ""
    opens_at: datetime | None = None
    opens: str = ""

    @property
    def waits(self) -> str:
        """What becomes of a deploy that has its approvals, in words; nothing while it is open."""
        if self.open:
            return ""
        return f"goes out when the window opens {self.opens}" if self.opens else f"waits: {self.why}"

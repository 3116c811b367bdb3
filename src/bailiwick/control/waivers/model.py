"""Waivers as plain values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bailiwick.control.exceptions import WARN_BEFORE

DEFAULT_DAYS = 30
MOST_DAYS = 90


class WaiverState(StrEnum):
    """Where a waiver stands. Only an approved one lets anything pass, and only until its time."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Waiver:
    """That one finding of one app passes, once somebody approved it, until a time."""

    id: str
    app: str
    fingerprint: str
    rule: str
    severity: str
    path: str
    line: int
    message: str
    review: str
    reason: str
    requested_by: str
    requested_at: datetime
    until: datetime
    state: WaiverState
    decided_by: str
    decided_at: datetime | None
    decision_reason: str
    ended_by: str
    ended_at: datetime | None
    end_reason: str

    def ends_soon(self, now: datetime) -> bool:
        """Whether it is in force and has a week at most to go."""
        return self.state is WaiverState.APPROVED and now < self.until <= now + WARN_BEFORE


@dataclass(frozen=True, slots=True)
class WaiverFilter:
    """Which waivers; an empty text does not matter. `ending` asks for those in force that end within a week."""

    app: str = ""
    state: str = ""
    rule: str = ""
    severity: str = ""
    ending: bool = False


@dataclass(frozen=True, slots=True)
class WaiverPage:
    """Waivers, the newest first, and the cursor of the next page (empty at the end)."""

    waivers: tuple[Waiver, ...]
    cursor: str

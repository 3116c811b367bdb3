"""A delegation as a plain value, and when it counts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

MOST = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Delegation:
    """That `delegate` may approve what `delegator` may, in a folder (everywhere, when that is empty), for a time."""

    id: str
    delegator: str
    delegate: str
    folder: str
    reason: str
    starts: datetime
    until: datetime
    made_at: datetime
    ended_at: datetime | None
    ended_by: str
    end_reason: str

    def counts(self, now: datetime) -> bool:
        """Whether it is in force."""
        return self.ended_at is None and self.starts <= now < self.until

    def covers(self, app: str) -> bool:
        """Whether an app lies where it counts."""
        return not self.folder or app.startswith(f"{self.folder}/")

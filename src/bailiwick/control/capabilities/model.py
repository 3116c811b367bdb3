"""Opened capabilities as plain values."""

from dataclasses import dataclass
from datetime import datetime

MOST_DAYS = 365


@dataclass(frozen=True, slots=True)
class OpenedCapability:
    """That an app may do one thing, until a time; `ended_at` is set once it may not any more."""

    id: str
    app: str
    capability: str
    reason: str
    opened_by: str
    opened_at: datetime
    until: datetime
    ended_by: str
    ended_at: datetime | None
    end_reason: str

    def in_force(self, now: datetime) -> bool:
        """Whether the app may do it at a moment."""
        return self.ended_at is None and now < self.until

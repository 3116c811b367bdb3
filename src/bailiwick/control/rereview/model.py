"""What is reviewed again, and what became unsafe, as plain values."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# Who notes what the platform finds by itself.
KEEPER = "service:review"
# How long whoever answers for an app has to act, by the worst finding.
DUE = {"critical": timedelta(days=3), "high": timedelta(days=14), "medium": timedelta(days=30)}


@dataclass(frozen=True, slots=True)
class UnsafeRelease:
    """A release that runs and would not pass the review today. Nothing stops by itself: `owner` must act by `due`."""

    app: str
    mode: str
    release: str
    commit: str
    review: str
    because: str
    severity: str
    since: datetime
    due: datetime
    owner: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How many trees wait to be reviewed again, and since when the first of them does."""

    waiting: int
    since: datetime | None

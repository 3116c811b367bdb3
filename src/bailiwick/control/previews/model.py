"""Previews of branches as plain values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PreviewState(StrEnum):
    """Where a preview stands: served, over its time, ended by somebody, or stopped by its plane."""

    LIVE = "live"
    EXPIRED = "expired"
    ENDED = "ended"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Preview:
    """The preview of a branch. `host` is its name below the suffix of previews; `ended_by` and `reason` say how it
    ended, `status` and `words` how its plane last said that it is doing.
    """

    app: str
    branch: str
    host: str
    state: PreviewState
    release: str
    commit: str
    pushed_by: str
    pushed_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    ended_by: str
    reason: str
    status: str
    words: str

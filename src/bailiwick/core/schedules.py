"""When jobs fall due: cron expressions in a time zone, where clocks put forward or back lose and double nothing.

A job at fixed hours and minutes falls due once a day as Debian's cron has it: at an hour that a clock leaves out, right
after; at one that comes twice, the first time. One with `*` in its minutes or hours follows real time.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

# What falls due is seen within a tick of the plane; up to here it is late, not missed.
LATE_SECONDS = 90


class Planned(Protocol):
    """What is needed of a job."""

    @property
    def schedule(self) -> str:
        """A cron expression of five fields."""

    @property
    def timezone(self) -> str:
        """The zone that it is read in, by its name at IANA."""

    @property
    def missed(self) -> str:
        """What becomes of runs that were missed: `skip` or `run-once`."""

    @property
    def missed_hours(self) -> int:
        """How old a missed run may be to be made up for."""


@dataclass(frozen=True, slots=True)
class Due:
    """What fell due since the last look: the first time and the last (UTC), mostly the same; `skipped` says why none
    runs.
    """

    first: datetime
    last: datetime
    skipped: str = ""

    @property
    def passed_over(self) -> str:
        """What of it the one run stands for, in words; empty when it is one."""
        if self.first == self.last:
            return ""
        return f"it stands for all that fell due since {self.first:%Y-%m-%d %H:%M} UTC"


def require_schedule(schedule: str, timezone: str) -> None:
    """Return when a cron expression can be read and falls due at all; raise `ValueError` in words when not."""
    try:
        next_due(schedule, timezone, datetime(2024, 1, 1, tzinfo=UTC))
    except CronSimError as fault:
        raise ValueError(f"'{schedule}' is no cron expression: {str(fault).lower()}") from None
    except StopIteration:
        raise ValueError(f"'{schedule}' never falls due") from None


def require_zone(timezone: str) -> None:
    """Return when there is a time zone of this name at IANA; raise `ValueError` in words when not."""
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        words = f"there is no time zone '{timezone}': write a name such as Europe/Berlin"
        raise ValueError(words) from None


def next_due(schedule: str, timezone: str, after: datetime) -> datetime:
    """Return when a job falls due next after a moment, in its own zone."""
    zone = ZoneInfo(timezone)
    # On the way to UTC and back, a time that the clock leaves out becomes the real one after it.
    return next(CronSim(schedule, after.astimezone(zone))).astimezone(UTC).astimezone(zone)


def due_since(job: Planned, since: datetime, now: datetime) -> Due | None:
    """Return what of a job fell due after `since` and up to `now`, and whether a run is made for it."""
    first = next_due(job.schedule, job.timezone, since).astimezone(UTC)
    if first > now:
        return None
    last = max(first, _last_due(job, now))
    late = now - last
    if late <= timedelta(seconds=LATE_SECONDS):
        return Due(first, last)
    which = _at(job, last) if first == last else f"{_at(job, first)} to {_at(job, last)}"
    missed = f"missed, as the app did not run here: it fell due at {which}"
    if job.missed == "skip":
        return Due(first, last, f'{missed}; missed = "skip"')
    if late > timedelta(hours=job.missed_hours):
        return Due(first, last, f"{missed}, longer ago than the {job.missed_hours} hours of missed_hours")
    return Due(first, last)


def _last_due(job: Planned, now: datetime) -> datetime:
    """Return the last time that a job fell due up to now."""
    zone = ZoneInfo(job.timezone)
    return next(CronSim(job.schedule, (now + timedelta(seconds=1)).astimezone(zone), reverse=True)).astimezone(UTC)


def _at(job: Planned, moment: datetime) -> str:
    return f"{moment.astimezone(ZoneInfo(job.timezone)):%Y-%m-%d %H:%M %Z}"

"""When jobs fall due: in their own zone, over clocks put forward and back, and after a time without a plane."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from bailiwick.core.manifest import ManifestError, parse_manifest
from bailiwick.core.schedules import due_since, next_due

MANIFEST = """
[app]
name = "desk"
purpose = "Counts what was sold today"
kind = "job"

[jobs.count]
run = "work:count"
"""


@dataclass(frozen=True)
class Count:
    schedule: str = "30 2 * * *"
    timezone: str = "Europe/Berlin"
    missed: str = "skip"
    missed_hours: int = 24


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def dues(schedule: str, zone: str, after: str, count: int) -> list[str]:
    found, moment = [], utc(after)
    for _ in range(count):
        moment = next_due(schedule, zone, moment).astimezone(UTC)
        found.append(f"{moment:%m-%d %H:%M}")
    return found


@pytest.mark.req("RT7")
@pytest.mark.parametrize(
    ("schedule", "zone", "after", "expected"),
    [
        ("0 2 * * *", "UTC", "2026-03-28 12:00", ["03-29 02:00", "03-30 02:00"]),
        ("0 9 * * 1-5", "America/New_York", "2026-11-27 15:00", ["11-30 14:00", "12-01 14:00"]),
        # Clocks go from 02:00 to 03:00: what is due at 02:30 is due at 03:00, once.
        ("30 2 * * *", "Europe/Berlin", "2026-03-28 12:00", ["03-29 01:00", "03-30 00:30"]),
        # Clocks go from 03:00 back to 02:00: the first 02:30 counts, the second does not.
        ("30 2 * * *", "Europe/Berlin", "2026-10-24 12:00", ["10-25 00:30", "10-26 01:30"]),
        # What runs each hour, or each so many minutes, follows real time.
        ("30 * * * *", "Europe/Berlin", "2026-10-25 00:00", ["10-25 00:30", "10-25 01:30", "10-25 02:30"]),
        ("*/20 * * * *", "Europe/Berlin", "2026-03-29 00:50", ["03-29 01:00", "03-29 01:20", "03-29 01:40"]),
    ],
)
def test_jobs_fall_due_in_their_zone_once_for_each_time(
    schedule: str, zone: str, after: str, expected: list[str]
) -> None:
    assert dues(schedule, zone, after, len(expected)) == expected


@pytest.mark.req("RT7")
@pytest.mark.parametrize(
    ("job", "now", "last", "skipped"),
    [
        (Count(), "2026-10-25 00:29", None, ""),
        (Count(), "2026-10-25 00:31", "2026-10-25 00:30", ""),
        (Count(), "2026-10-25 01:30", "2026-10-25 00:30", 'due at 2026-10-25 02:30 CEST; missed = "skip"'),
        (Count(missed="run-once"), "2026-10-25 12:30", "2026-10-25 00:30", ""),
        (Count(missed="run-once", missed_hours=2), "2026-10-25 12:30", "2026-10-25 00:30", "the 2 hours of missed"),
        (Count(missed="run-once"), "2026-10-27 12:30", "2026-10-27 01:30", ""),
    ],
)
def test_what_fell_due_without_a_plane_is_skipped_or_made_up_for_once(
    job: Count, now: str, last: str | None, skipped: str
) -> None:
    found = due_since(job, utc("2026-10-24 12:00"), utc(now))
    assert (found.last if found else None) == (utc(last) if last else None)
    assert found is None or (skipped in found.skipped and bool(skipped) == bool(found.skipped))


@pytest.mark.req("RT7")
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('schedule = "0 2 * * *"\ntimezone = "Europe/Berlon"', "there is no time zone 'Europe/Berlon'"),
        ('schedule = "0 2 * * *"\ntimezone = "../../etc/passwd"', "timezone"),
        ('schedule = "0 25 * * *"', "'0 25 * * *' is no cron expression: bad hour"),
        ('schedule = "0 0 30 2 *"', "'0 0 30 2 *' is no cron expression: bad day-of-month"),
        ('schedule = "0 2 * * *"\nmissed = "always"', "'skip' or 'run-once'"),
        ('schedule = "0 2 * * *"\nretries = 99', "retries"),
    ],
)
def test_a_schedule_that_cannot_be_is_named_where_it_is_written(line: str, words: str) -> None:
    with pytest.raises(ManifestError) as refused:
        parse_manifest(f"{MANIFEST}{line}\n")
    assert words in str(refused.value)

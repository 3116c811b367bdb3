"""Jobs at a data plane: one run for each time, also across restarts; overlap, retries and time-outs, told in words."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bailiwick.core.messages import JobReport, RunJobOrder
from bailiwick.dataplane.app import DataPlane
from tests.fixtures.plane import APP, PlaneHouse

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
WORK = """
import os, time

def count():
    print("counted")

def wait():
    time.sleep(600)

def fail():
    print("not today")
    raise SystemExit(3)
"""


def manifest(run: str, more: str = "") -> str:
    return f"""[app]
name = "desk"
purpose = "Shows what an app can do"
kind = "job"

[jobs.count]
schedule = "0 * * * *"
run = "work:{run}"
{more}
"""


async def serving(house: PlaneHouse, run: str, more: str = "") -> None:
    await house.until_running(house.release({"work.py": WORK}, manifest=manifest(run, more)))


def look(house: PlaneHouse, *hours: float) -> None:
    """Let the plane look at what is due, at so many hours after noon."""
    for hour in hours:
        house.plane._schedule.run_due(NOON + timedelta(hours=hour))


def told(house: PlaneHouse) -> list[JobReport]:
    return [item for item in house.reports() if isinstance(item, JobReport)]


async def until(house: PlaneHouse, *statuses: str) -> list[JobReport]:
    await house.until(lambda: [item.status for item in told(house)] == list(statuses))
    return told(house)


@pytest.mark.req("RT7")
async def test_each_time_has_one_run_however_often_it_is_looked_at(house: PlaneHouse) -> None:
    await serving(house, "count")
    look(house, 0, 0.5)
    assert told(house) == []
    look(house, 1, 1, 1.001)
    begun, ended = await until(house, "running", "succeeded")
    assert (ended.due, ended.asked_by, ended.log_lines) == (NOON + timedelta(hours=1), "service:schedule", ("counted",))
    assert begun.run == ended.run


@pytest.mark.req("RT7")
async def test_a_run_that_still_goes_on_makes_the_next_one_skipped_and_a_killed_app_ends_it(house: PlaneHouse) -> None:
    await serving(house, "wait")
    look(house, 0, 1, 2)
    first, skipped = await until(house, "running", "skipped")
    assert f'run {first.run} of it still goes on; overlap = "skip"' in skipped.words
    await house.plane._take(RunJobOrder(app=APP, job="count", run="run_hand", asked_by="user:b@example.com"))
    assert [item.status for item in told(house)][-1] == "skipped"
    await house.kill("production")
    assert (told(house)[-1].status, told(house)[-1].words) == ("failed", "the app was stopped")
    look(house, 3)
    assert len(told(house)) == 4


@pytest.mark.req("RT7")
async def test_runs_may_overlap_where_that_is_said(house: PlaneHouse) -> None:
    await serving(house, "wait", 'overlap = "allow"')
    look(house, 0, 1, 2)
    await until(house, "running", "running")


@pytest.mark.req("RT7")
async def test_a_run_that_fails_is_tried_again_later_each_time(house: PlaneHouse) -> None:
    await serving(house, "fail", "retries = 2\nretry_seconds = 60")
    look(house, 0, 1)
    _, waits = await until(house, "running", "waiting")
    assert (waits.attempt, waits.log_lines) == (1, ("not today",))
    assert "attempt 1 of 3 failed; the next begins at" in waits.words
    after = datetime.now(UTC)
    again(house, after)
    assert len(told(house)) == 2
    again(house, after + timedelta(seconds=61))
    await until(house, "running", "waiting", "running", "waiting")
    again(house, after + timedelta(seconds=100))
    assert len(told(house)) == 4
    again(house, after + timedelta(seconds=200))
    last = (await until(house, "running", "waiting", "running", "waiting", "running", "failed"))[-1]
    assert (last.attempt, len({item.run for item in told(house)})) == (3, 1)


def again(house: PlaneHouse, now: datetime) -> None:
    """Let the plane look at which runs are tried again."""
    up = house.plane._host.in_production()
    house.plane._host.runs.start_again({app: state for app, (state, _) in up.items()}, now)


@pytest.mark.req("RT7", "RT6")
async def test_a_run_ends_when_its_time_is_over(house: PlaneHouse) -> None:
    await serving(house, "wait", "timeout_seconds = 1")
    look(house, 0, 1)
    ended = (await until(house, "running", "failed"))[-1]
    assert ended.log_lines == ("stopped: 1 s for a run reached (timeout_seconds of the job)",)


@pytest.mark.req("RT7")
@pytest.mark.parametrize(
    ("more", "statuses", "words"),
    [
        ("", ["skipped"], 'it fell due at 2026-05-04 13:00 UTC to 2026-05-04 15:00 UTC; missed = "skip"'),
        ('missed = "run-once"', ["running", "succeeded"], "it stands for all that fell due since 2026-05-04 13:00 UTC"),
        ('missed = "run-once"\nmissed_hours = 1', ["running", "succeeded"], "it stands for all"),
    ],
)
async def test_what_was_missed_while_the_app_was_stopped(
    house: PlaneHouse, more: str, statuses: list[str], words: str
) -> None:
    state = house.release({"work.py": WORK}, manifest=manifest("count", more))
    await house.until_running(state)
    look(house, 0)
    await house.serve(state.model_copy(update={"status": "killed", "killed_because": "a test"}))
    look(house, 1, 2, 3)
    await house.serve(state)
    await house.until(house.plane._host.in_production)
    look(house, 3.5, 3.6)
    assert words in (await until(house, *statuses))[-1].words


@pytest.mark.req("RT7")
async def test_a_plane_that_starts_again_repeats_no_run_and_says_which_it_interrupted(house: PlaneHouse) -> None:
    await serving(house, "wait", "retries = 1")
    look(house, 0, 1)
    await until(house, "running")
    again = killed_and_back(house)
    again._schedule.run_due(NOON + timedelta(hours=1, seconds=20))
    again._spool.flush()
    reports = [item for item in told(house) if item.status != "running"]
    assert [(item.status, item.attempt) for item in reports] == [("waiting", 1)]
    assert "the plane ended while it ran" in reports[0].words
    # Twice is once: what was interrupted is not told of again, and waits on.
    third = killed_and_back(house)
    third._spool.flush()
    assert len([item for item in told(house) if item.status == "waiting"]) == 1
    for plane in (again, third):
        await plane._models.close()
        plane._spool.close()


def killed_and_back(house: PlaneHouse) -> DataPlane:
    """Return another plane on the same disk, as after a death without a word of the one before."""
    assert Path(house.state / "jobs.sqlite").exists()
    return DataPlane(house.plane._settings)

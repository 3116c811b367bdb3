"""A plane that has its own sandboxes attacked: beside everything else, kept, told, and never in the way."""

import asyncio
import json
import os
import select
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.messages import AttacksReport
from bailiwick.dataplane.agent.attacking import AttackWatch

pytestmark = pytest.mark.req("RT1", "VA1")
HELD = {
    "level": "process",
    "walls": "bubblewrap, cgroup v2",
    "attempts": 3,
    "proved": 2,
    "unproved": ["calls: one"],
    "escaped": [],
    "left_out": ["storage: no"],
}


def result(*levels: dict[str, Any]) -> str:
    """Return what the attempts say at their end."""
    return json.dumps({"levels": levels})


class Told:
    """Reports as they come."""

    def __init__(self) -> None:
        self.reports: list[AttacksReport] = []
        self._more = asyncio.Event()

    def __call__(self, report: Any) -> None:
        self.reports.append(report)
        self._more.set()

    async def first(self) -> AttacksReport:
        await asyncio.wait_for(self._more.wait(), 20)
        return self.reports[0]


def saying(words: str, code: int = 0) -> tuple[str, ...]:
    return (sys.executable, "-c", f"import sys; sys.stdout.write({words!r}); sys.exit({code})")


@pytest.fixture
def told() -> Told:
    return Told()


async def watching(watch: AttackWatch, then: Callable[[], Any]) -> None:
    task = asyncio.create_task(watch.run())
    try:
        await then()
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_the_result_is_told_with_level_and_kernel_and_kept_for_the_next_start(told: Told, tmp_path: Path) -> None:
    watch = AttackWatch(tmp_path, 24, told, utc_now, 0.01, saying(result(HELD)))
    await watching(watch, told.first)
    first = told.reports[0]
    assert (first.level, first.attempts, first.proved, first.held) == ("process: bubblewrap, cgroup v2", 3, 2, True)
    assert first.kernel.startswith("Linux ")
    assert first.left_out == ("storage: no",)
    again = AttackWatch(tmp_path, 24, told, utc_now, 0.01, saying("", 1))
    await watching(again, lambda: asyncio.sleep(0.3))
    assert told.reports == [first, first]


async def test_what_got_out_is_told_by_name(told: Told, tmp_path: Path) -> None:
    broken = HELD | {"escaped": ["files: read the host's"]}
    await watching(AttackWatch(tmp_path, 24, told, utc_now, 0.01, saying(result(broken))), told.first)
    assert (told.reports[0].held, told.reports[0].escaped) == (False, ("files: read the host's",))


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (saying(json.dumps({"error": "no bubblewrap", "hint": "install it"}), 1), "no bubblewrap install it"),
        (saying("nonsense"), "Expecting value"),
        (saying(""), "ended without a result"),
        (("/nowhere/at/all",), "No such file"),
    ],
)
async def test_what_could_not_be_tried_is_told_with_its_reason(
    told: Told, tmp_path: Path, command: tuple[str, ...], words: str
) -> None:
    await watching(AttackWatch(tmp_path, 24, told, utc_now, 0.01, command), told.first)
    assert words in told.reports[0].untried
    assert not told.reports[0].held


async def test_without_hours_it_is_done_when_asked_only(told: Told, tmp_path: Path) -> None:
    watch = AttackWatch(tmp_path, 0, told, utc_now, 0.01, saying(result(HELD)))

    async def asked() -> None:
        await asyncio.sleep(0.2)
        assert told.reports == []
        watch.ask()
        await told.first()

    await watching(watch, asked)


def test_it_waits_until_the_plane_has_long_started_and_does_it_anew_under_another_kernel(
    told: Told, tmp_path: Path
) -> None:
    watch = AttackWatch(tmp_path, 24, told, utc_now)
    assert watch._seconds(None, 300.0) == 300.0
    now = AttacksReport(kernel=f"Linux {os.uname().release}", attempts=1, proved=1, time=utc_now())
    assert watch._seconds(now, 300.0) == pytest.approx(86_400, abs=5)
    for other in ({"kernel": "Linux 1.0"}, {"untried": "x"}, {"time": utc_now() - timedelta(days=3)}):
        assert watch._seconds(now.model_copy(update=other), 300.0) == 300.0


async def test_what_hangs_ends_with_the_plane(told: Told, tmp_path: Path) -> None:
    pids = tmp_path / "pid"
    os.mkfifo(pids)
    command = (sys.executable, "-c", f"import os,time; open({str(pids)!r},'w').write(str(os.getpid())); time.sleep(99)")
    watch = AttackWatch(tmp_path, 24, told, utc_now, 0.01, command)

    process = -1

    async def started() -> None:
        nonlocal process
        process = os.pidfd_open(int(await asyncio.to_thread(pids.read_text)))

    await watching(watch, started)
    ended, _, _ = select.select([process], [], [], 10)
    os.close(process)
    assert ended
    assert told.reports == []

"""A frozen release does not start at a plane; what runs there goes on, and starts again when it ends."""

import asyncio
import os
import signal

import pytest

from bailiwick.core.messages import AppState
from tests.fixtures.plane import HELLO, PlaneHouse

pytestmark = pytest.mark.req("DG3")
WHY = "user:security@example.com froze everything at 2026-11-28 22:00 UTC: CVE-2026-1 (frz_1)"
OTHER = HELLO.replace("hello", "other")


def frozen(state: AppState) -> AppState:
    return state.model_copy(update={"frozen": WHY})


async def answer(house: PlaneHouse) -> str:
    return (await house.get("/")).text


async def test_a_frozen_release_does_not_start_and_what_runs_goes_on(house: PlaneHouse) -> None:
    old, new = house.release({"app.py": HELLO}), house.release({"app.py": OTHER})
    await house.until_running(old)
    await house.serve(frozen(new))
    told = await house.until_status("refused", "running", state=new)
    assert (told.status, told.words) == ("refused", f"frozen: {WHY}")
    assert await answer(house) == "hello"
    # It ends by itself and is started again: it ran before the freeze.
    os.kill(house.inner_pid(), signal.SIGKILL)
    await house.until(
        lambda: len([it for it in house.statuses() if (it.release, it.status) == (old.release, "running")]) == 2
    )
    assert await answer(house) == "hello"
    # The freeze is lifted, or this was its fix.
    await house.serve(new)
    assert (await house.until_status("running", "failed", state=new)).status == "running"
    assert await answer(house) == "other"


async def test_a_plane_that_was_cut_off_learns_of_the_freeze_before_it_starts_anything(house: PlaneHouse) -> None:
    state = house.release({"app.py": HELLO})
    await house.serve(frozen(state))
    assert (await house.until_status("refused", "running", state=state)).status == "refused"
    assert (await house.get("/")).status_code == 503
    assert not [item for item in house.statuses() if item.status in {"starting", "running"}]


async def test_a_freeze_ends_a_start_that_is_under_way(house: PlaneHouse) -> None:
    slow = house.release({"app.py": "import time\ntime.sleep(20)\n" + HELLO})
    await house.serve(slow)
    await house.until_status("starting", state=slow)
    await asyncio.sleep(0.3)
    await house.serve(frozen(slow))
    assert (await house.until_status("refused", "running", state=slow)).status == "refused"
    assert (await house.get("/")).status_code == 503


async def test_a_release_that_runs_when_the_freeze_comes_is_left_alone(house: PlaneHouse) -> None:
    state = house.release({"app.py": HELLO})
    await house.until_running(state)
    inner = house.inner_pid()
    await house.serve(frozen(state))
    await house.serve(state)
    assert await answer(house) == "hello"
    assert house.inner_pid() == inner


async def test_what_was_killed_under_a_freeze_stays_down_when_it_is_brought_back(house: PlaneHouse) -> None:
    state = house.release({"app.py": HELLO})
    await house.until_running(state)
    await house.serve(frozen(state).model_copy(update={"status": "killed", "killed_because": "it leaks"}))
    await house.serve(frozen(state))
    assert (await house.until_status("refused", state=state)).words == f"frozen: {WHY}"
    assert (await house.get("/")).status_code == 503

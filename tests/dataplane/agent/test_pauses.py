"""Workers and agents that somebody holds at a data plane: they stand still, keep what they had, and go on there."""

import asyncio
from pathlib import Path

import pytest

from bailiwick.core.messages import AppState, EnqueueOrder
from bailiwick.dataplane.queues import Place
from bailiwick.dataplane.queues.store import QueueStore
from bailiwick.dataplane.sandbox import Sandbox
from tests.dataplane.agent.test_sleep import is_stopped
from tests.dataplane.agent.test_workers import APP_CODE, WITH_WORKER, told
from tests.fixtures.plane import APP, PlaneHouse

PLACE = Place(APP, "production", "mail")
WHY = "paused by user:admin@example.com: the bank is closed"
# It counts while it handles a message, so that whoever looks sees whether it goes on.
SLOW = """
import time

def handle(message):
    for number in range(message):
        print(f"tick {number}")
        time.sleep(0.1)
    print("handled", message)
"""
IDLE = WITH_WORKER.replace("[workers.mail]", "[workers.mail]\ntimeout_seconds = 2\nretries = 0")


async def serving(house: PlaneHouse, manifest: str = IDLE, **fields: object) -> AppState:
    state = house.release({"app.py": APP_CODE, "work.py": SLOW}, manifest=manifest, **fields)
    await house.until_running(state)
    return state


async def hold(house: PlaneHouse, state: AppState, why: str = WHY) -> None:
    await house.serve(state.model_copy(update={"paused": {"mail": why} if why else {}}))


def pid_of(house: PlaneHouse) -> int:
    instance = house.plane._host.workers._kept[APP, "production"]["mail"].instance
    assert instance is not None and isinstance(instance.sandbox, Sandbox)
    return instance.sandbox.inner_pid


@pytest.mark.req("RT7", "RT5")
async def test_a_worker_stands_still_in_the_middle_of_a_message_and_goes_on_where_it_was(house: PlaneHouse) -> None:
    state = await serving(house)
    await house.get("/mail?12")
    await told(house, lines=("tick 3",))
    await hold(house, state)
    pid = pid_of(house)
    await house.until(lambda: is_stopped(pid))
    report = await told(house, status="paused", words=WHY, taken=1)
    # Longer than a message may take: nobody's time goes by.
    await asyncio.sleep(2.5)
    assert (await told(house, status="paused")).log_lines == report.log_lines
    assert (await house.get("/mail?1")).status_code == 202, "what comes meanwhile waits"
    await told(house, status="paused", waiting=1, taken=1)
    await hold(house, state, "")
    done = await told(house, lines=("handled 12", "handled 1"), waiting=0, taken=0, status="running")
    assert (pid_of(house), done.dead) == (pid, 0)
    assert [item.context["attempt"] for item in house.events("message.handled")] == [1, 1]


@pytest.mark.req("RT7")
async def test_nothing_is_given_to_a_worker_that_waited_for_a_message_when_it_was_held(house: PlaneHouse) -> None:
    state = await serving(house)
    await told(house, status="running")
    await hold(house, state)
    order = EnqueueOrder(app=APP, mode="production", worker="mail", message="1", asked_by="user:a@b.c")
    await house.plane._take(order)
    await told(house, status="paused", waiting=1, taken=0)
    await asyncio.sleep(0.3)
    await told(house, status="paused", waiting=1, taken=0)
    await hold(house, state, "")
    await told(house, lines=("handled 1",), waiting=0)


@pytest.mark.req("RT7", "RT5")
async def test_a_pause_outlives_a_kill_and_a_release_and_what_was_held_is_no_failed_attempt(house: PlaneHouse) -> None:
    state = await serving(house)
    await house.get("/mail?30")
    await told(house, lines=("tick 1",))
    await hold(house, state)
    await told(house, status="paused")
    await house.kill("production")
    await house.until(lambda: (APP, "production") not in house.plane._host.workers._kept)
    new = house.release({"app.py": APP_CODE, "work.py": SLOW}, manifest=IDLE)
    await hold(house, new)
    await told(house, release=new.release, status="paused", words=WHY, waiting=1)
    assert house.plane._host.workers._kept[APP, "production"]["mail"].instance is None, "it is not even started"
    await hold(house, new, "")
    # With `retries = 0`, one that counted as failed would be given up.
    await told(house, release=new.release, lines=("tick 2",), dead=0, taken=1)


@pytest.mark.req("RT7", "AI1")
def test_steps_of_a_message_that_was_held_go_on_counting_after_the_plane_was_killed(tmp_path: Path) -> None:
    store = QueueStore(tmp_path / "queues.sqlite")
    message = store.put(PLACE, b"1", "user:a", "", 1.0)
    assert (taken := store.take(PLACE, 2.0)) is not None and (taken.attempt, taken.steps) == (1, 0)
    store.hold({message: 7})
    again = QueueStore(tmp_path / "queues.sqlite")
    again.give_back(PLACE, 0, 3.0)
    assert again.counts(PLACE).dead == 0
    assert (taken := again.take(PLACE, 4.0)) is not None
    assert (taken.id, taken.attempt, taken.steps) == (message, 1, 7)
    # What ends silently after it went on is a failed attempt, and begins anew.
    again.give_back(PLACE, 1, 5.0)
    assert (taken := again.take(PLACE, 6.0)) is not None and (taken.attempt, taken.steps) == (2, 0)
    store.hold({message: 3})
    store.let_go([message])
    store.done(message)
    assert again.take(PLACE, 7.0) is None

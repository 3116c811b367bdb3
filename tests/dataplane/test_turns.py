"""Turns on one event loop: who has much to do does not keep who has little."""

import asyncio

import pytest

from bailiwick.dataplane.turns import Turns

pytestmark = pytest.mark.req("RT3")


async def work(turns: Turns, who: str, done: list[str]) -> None:
    await turns.take(who)
    done.append(who)


async def test_a_crowd_of_one_does_not_keep_another_waiting() -> None:
    turns, done = Turns(), []
    crowd = [asyncio.create_task(work(turns, "loud", done)) for _ in range(200)]
    await asyncio.sleep(0)
    first = len(done)
    assert 1 <= first <= 5  # the first are not kept; the others stand in their own line
    await work(turns, "quiet", done)
    assert done[-1] == "quiet" and len(done) <= 2 * first + 1
    await asyncio.gather(*crowd)
    assert done.count("loud") == 200


async def test_those_who_wait_alternate_and_each_line_keeps_its_order() -> None:
    turns, done = Turns(), []
    names = [f"{who}{number}" for number in range(5) for who in ("a", "b", "c")]

    async def named(name: str) -> None:
        await turns.take(name[0])
        done.append(name)

    await asyncio.gather(*(named(name) for name in names))
    assert done == names


async def test_whoever_gives_up_takes_no_turn() -> None:
    turns, done = Turns(), []
    tasks = [asyncio.create_task(work(turns, "loud", done)) for _ in range(50)]
    await asyncio.sleep(0)
    begun = len(done)
    for task in tasks[begun:-1]:
        task.cancel()
    await asyncio.wait_for(tasks[-1], 5)
    assert len(done) == begun + 1
    await asyncio.wait(tasks)
    assert not turns._lines


async def test_nothing_is_kept_of_those_who_are_done() -> None:
    turns, done = Turns(), []
    await asyncio.gather(*(work(turns, f"app-{number}", done) for number in range(100)))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not turns._begun and not turns._lines

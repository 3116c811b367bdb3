"""Work that is done again and again outlives its own failures."""

import asyncio
import logging

import pytest

from bailiwick.control.background import Periodic, keep_doing


async def test_a_failure_is_logged_and_the_work_is_done_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []
    waits: list[float] = []
    enough = asyncio.Event()

    def work() -> None:
        done.append(len(done))
        if len(done) < 4:
            raise OSError("the database is away")

    async def waited(seconds: float) -> None:
        waits.append(seconds)
        if len(done) > 4:
            enough.set()
            await asyncio.Event().wait()

    monkeypatch.setattr("bailiwick.control.background.asyncio.sleep", waited)
    with caplog.at_level(logging.ERROR, logger="bailiwick.control"):
        task = asyncio.create_task(keep_doing(Periodic("counting", 5.0, work)))
        await enough.wait()
        task.cancel()

    assert waits == [10.0, 20.0, 40.0, 5.0, 5.0]
    assert "counting failed" in caplog.text
    assert "the database is away" in caplog.text

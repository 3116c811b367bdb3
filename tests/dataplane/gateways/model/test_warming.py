"""A plane makes ready to look through prompts while an app with a model starts, and only then."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from bailiwick.core.manifest import parse_manifest
from bailiwick.dataplane.gateways.model import search
from tests.fixtures.plane import MANIFEST, PlaneHouse

WITH_MODEL = f'{MANIFEST}\n[models.default]\nuse = "support-model"\n'


@pytest.mark.req("AI1", "AI7")
async def test_the_first_call_of_an_app_finds_what_it_needs_made_while_the_app_started(
    new_house: Callable[..., PlaneHouse], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def warm() -> None:
        begun.set()
        may_end.wait(60)

    monkeypatch.setattr(search, "_warm", warm)
    house = new_house()
    plain = house.release({"app.py": ""})
    house.plane._models.listener_of(plain, parse_manifest(MANIFEST))
    assert house.plane._models._search._warming is None
    house.plane._models.listener_of(plain, parse_manifest(WITH_MODEL))
    assert await asyncio.to_thread(begun.wait, 60)
    # Calls that come meanwhile wait for it, and for no second one.
    calls = [asyncio.create_task(house.plane._models._search.ready()) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(call.done() for call in calls)
    may_end.set()
    await asyncio.gather(*calls)

"""Two releases of an app side by side at a plane: who gets which, what goes wrong with one, and how one takes over."""

import asyncio
from typing import Any

import pytest
from httpx2 import Response

from bailiwick.core.messages import AppState
from bailiwick.core.rollouts import RolloutReport, RolloutStep
from bailiwick.dataplane.router import Site
from tests.fixtures.plane import APP, HELLO, MANIFEST, PlaneHouse

pytestmark = pytest.mark.req("DG5")
KEY = (APP, "production")
OLD = """
import asyncio

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    status = 500 if scope["path"] == "/fail" and b"NAME" == b"new" else 200
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b"NAME ", "more_body": True})
    await asyncio.sleep({"/slow": 1.5, "/wait": 600}.get(scope["path"], 0))
    await send({"type": "http.response.body", "body": b"done"})
"""
NEW = OLD.replace("NAME", "new")
OLD = OLD.replace("NAME", "old")


def beside(state: AppState, share: float = 1.0, number: int = 0, **fields: Any) -> AppState:
    """Return a release as the candidate of a rollout."""
    step = RolloutStep(rollout="rol_1", number=number, share=share, **fields)
    return state.model_copy(update={"step": step})


async def serve(house: PlaneHouse, stable: AppState, *candidates: AppState) -> None:
    house.version += 1
    await house.plane._take(house.desired(stable).model_copy(update={"candidates": candidates}))


def told(house: PlaneHouse) -> list[RolloutReport]:
    house.plane._host.roll_up(1)
    return [item for item in house.reports() if isinstance(item, RolloutReport)]


async def until_told(house: PlaneHouse, *conditions: str) -> RolloutReport:
    return await house.until(lambda: next((it for it in reversed(told(house)) if it.condition in conditions), None))


def stable_site(house: PlaneHouse) -> Site:
    site = house.plane._sites.find("desk-production.apps.localhost")
    assert site is not None
    return site


def candidate_site(house: PlaneHouse) -> Site:
    return house.plane._host._candidates._beside[KEY].site


async def begun(house: PlaneHouse, site: Site, path: str) -> "asyncio.Task[Response]":
    """Return a request that a release has begun to answer."""
    asked = asyncio.create_task(house.get(path))
    await house.until(lambda: any(item._answer_begun for item in site.in_flight))  # type: ignore[attr-defined]
    return asked


async def text(house: PlaneHouse, path: str = "/") -> str:
    return (await house.get(path)).text


async def test_a_candidate_takes_its_share_and_then_the_whole_place_without_a_dropped_request(
    house: PlaneHouse,
) -> None:
    old, new = house.release({"app.py": OLD}), house.release({"app.py": NEW})
    await house.until_running(old)
    before = house.inner_pid()
    await serve(house, old, beside(new, 0.0))
    await until_told(house, "running")
    assert await text(house) == "old done"
    # A group has it first, then everybody of the share.
    await serve(house, old, beside(new, 0.0, 1, names=frozenset({"user:user@example.com"})))
    assert await text(house) == "new done"
    await serve(house, old, beside(new, 1.0, 2))
    slow_new = await begun(house, candidate_site(house), "/slow")
    pid = house.plane._host._candidates._beside[KEY].instance.sandbox.inner_pid  # type: ignore[union-attr]
    await serve(house, old, beside(new, 0.0, 3))
    slow_old = await begun(house, stable_site(house), "/slow")
    # It is promoted: the same process serves on, and nobody's request ends early.
    await serve(house, new)
    await house.until_status("running", state=new)
    assert house.inner_pid() == pid
    assert await text(house) == "new done"
    assert ((await slow_new).text, (await slow_old).text) == ("new done", "old done")
    counted = told(house)
    by_step = {number: [item for item in counted if item.step == number] for number in range(4)}
    assert sum(item.stable.requests for item in by_step[0]) == 1
    assert sum(item.candidate.requests for item in by_step[1]) == 1
    # Gone back to, the release before goes on where it was, in its own process: it was kept warm.
    await serve(house, old)
    await house.until(lambda: stable_site(house).state.release == old.release)
    assert await text(house) == "old done"
    assert house.inner_pid() == before


async def test_a_candidate_that_fails_gets_no_more_requests_and_its_app_goes_on(house: PlaneHouse) -> None:
    old, new = house.release({"app.py": OLD}), house.release({"app.py": NEW})
    await house.until_running(old)
    await serve(house, old, beside(new))
    await until_told(house, "running")
    answers = [await house.get("/fail") for _ in range(8)]
    assert [item.status_code for item in answers] == [500] * 8
    assert await text(house, "/fail") == "old done"
    report = await until_told(house, "failed")
    assert "8 requests in a row failed" in report.words
    assert sum(item.candidate.errors for item in told(house)) == 8
    assert stable_site(house).condition == "running"


async def test_one_that_does_not_start_or_is_frozen_or_whose_check_fails_is_told(house: PlaneHouse) -> None:
    old = house.release({"app.py": HELLO})
    await house.until_running(old)
    broken = house.release({"app.py": "raise SystemExit('not today')\n"})
    await serve(house, old, beside(broken))
    assert "not today" in (await until_told(house, "failed")).words
    assert await text(house) == "hello"
    checked = house.release({"app.py": NEW}, manifest=MANIFEST + 'health = "/fail"\n')
    held = beside(checked, 0.0).model_copy(update={"frozen": "somebody froze it"})
    held = held.model_copy(update={"step": held.step.model_copy(update={"rollout": "rol_2"})})  # type: ignore[union-attr]
    await serve(house, old, held)
    assert (await until_told(house, "frozen")).words == "somebody froze it"
    await serve(house, old, held.model_copy(update={"frozen": ""}))
    await until_told(house, "running")
    await house.until(lambda: next((item for item in told(house) if item.failed_checks > 0), None))


async def test_a_stop_ends_the_candidate_and_what_is_warm_too(house: PlaneHouse) -> None:
    first, old, new = (house.release({"app.py": code}) for code in (HELLO, OLD, NEW))
    await house.until_running(first)
    await house.until_running(old)
    await serve(house, old, beside(new))
    await until_told(house, "running")
    asked = await begun(house, candidate_site(house), "/wait")
    await house.kill("production")
    with pytest.raises(Exception, match=r"(?i)closed|reset|incomplete|disconnect|read"):
        await asked
    host = house.plane._host
    assert not host._candidates._beside
    assert not host._retired.sites()
    assert (await house.get("/")).status_code == 503

"""Idle apps sleep and are woken by whoever may use them; what sleeps is killed, frozen and replaced as what runs."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from bailiwick.core.messages import AppState
from bailiwick.dataplane.agent.sleeping import _memory_of
from bailiwick.dataplane.router import Router, Site, serve
from tests.fixtures.plane import APP, MANIFEST, PlaneHouse

SLEEPS = f"{MANIFEST}\n[limits]\nidle_minutes = 5\n"
COUNTS = """
import asyncio, itertools
count = itertools.count(1)

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    if scope["path"] == "/slow":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        await asyncio.sleep(600)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"%d" % next(count)})
"""


async def serving(house: PlaneHouse, manifest: str = SLEEPS, mode: str = "production") -> AppState:
    state = house.release({"app.py": COUNTS}, manifest=manifest, mode=mode)
    await house.until_running(state)
    return state


def site(house: PlaneHouse, mode: str = "production") -> Site:
    found = house.plane._sites.find(f"desk-{mode}.apps.localhost")
    assert found is not None
    return found


def later(house: PlaneHouse, minutes: float) -> None:
    """Let the plane look at what is idle, so many minutes from now."""
    house.plane._host.put_to_sleep(time.monotonic() + minutes * 60)


def is_stopped(pid: int) -> bool:
    with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123 - of the kernel
        return file.read().rpartition(")")[2].split()[0] == "T"


@pytest.mark.req("RT6", "RT7")
async def test_an_idle_app_is_paused_then_ended_and_a_request_wakes_it_from_either(house: PlaneHouse) -> None:
    state = await serving(house)
    assert (await house.get("/")).text == "1"
    later(house, 4.9)
    assert site(house).condition == "running"
    later(house, 5.1)
    assert site(house).condition == "asleep"
    await house.until(lambda: is_stopped(house.inner_pid()))
    assert (await house.until_status("asleep", state=state)).words.startswith("nobody used it")
    assert (await house.get("/")).text == "2", "it goes on where it was"
    assert site(house).condition == "running"
    later(house, 5.1)
    later(house, 5.1 + 10 + 10)
    assert (site(house).condition, house.plane._host._served[APP, "production"].instance) == ("asleep", None)
    answers = await asyncio.gather(house.get("/"), house.get("/"))
    assert sorted(item.text for item in answers) == ["1", "2"], "it was started anew, once"
    assert [item.status for item in house.statuses()][-4:] == ["running", "asleep", "starting", "running"]
    assert house.plane._guard is not None and house.events("app.killed") == []


@pytest.mark.req("RT7")
async def test_previews_sleep_by_themselves_and_production_only_where_that_is_said(house: PlaneHouse) -> None:
    production = house.release({"app.py": COUNTS})
    preview = house.release({"app.py": COUNTS}, mode="preview")
    await house.until_running(production, preview)
    later(house, 31)
    assert (site(house).condition, site(house, "preview").condition) == ("running", "asleep")
    assert (await house.get("/", "preview")).text == "1"


@pytest.mark.req("RT7")
async def test_what_is_in_use_does_not_sleep(house: PlaneHouse) -> None:
    await serving(house)
    asked = asyncio.create_task(house.get("/slow"))
    await house.until(lambda: site(house).in_flight)
    later(house, 60)
    assert site(house).condition == "running"
    asked.cancel()


@pytest.mark.req("RT7", "RT6")
async def test_who_may_not_use_an_app_does_not_wake_it(house: PlaneHouse) -> None:
    state = await serving(house)
    later(house, 5.1)
    await house.serve(state.model_copy(update={"roles": {}}))
    assert (await house.get("/")).status_code == 403
    assert (await house.get("/", epoch=-1)).status_code == 401
    assert site(house).condition == "asleep"


@pytest.mark.req("RT5", "RT7")
@pytest.mark.parametrize("minutes", [5.1, 40])
async def test_a_kill_holds_for_what_sleeps(house: PlaneHouse, minutes: float) -> None:
    state = await serving(house)
    later(house, 5.1)
    later(house, minutes)
    await house.kill("production", because="it leaks")
    await house.serve(state.model_copy(update={"status": "killed", "killed_because": "it leaks"}))
    answer = await house.get("/")
    assert (answer.status_code, "it leaks" in answer.text) == (503, True)
    assert house.plane._host._served[APP, "production"].instance is None
    await house.serve(state)
    await house.until(lambda: site(house).condition == "running")
    assert (await house.get("/")).text == "1"


@pytest.mark.req("RT5", "RT7")
@pytest.mark.parametrize("minutes", [5.1, 40])
async def test_a_frozen_app_that_sleeps_is_woken_as_what_ran(house: PlaneHouse, minutes: float) -> None:
    first = await serving(house)
    later(house, 5.1)
    later(house, minutes)
    second = house.release({"app.py": COUNTS.replace("%d", "second %d")}, manifest=SLEEPS)
    await house.serve(second.model_copy(update={"frozen": "the year ends"}))
    assert (await house.get("/")).text in {"1", "2"}
    assert site(house).state.release == first.release


@pytest.mark.req("RT7")
async def test_a_lease_runs_out_over_what_sleeps(house: PlaneHouse) -> None:
    await serving(house)
    later(house, 5.1)
    house.plane._host._last_heard -= 5 * 3600
    await house.plane._host.expire_leases()
    assert (await house.get("/")).status_code == 503
    await house.plane._host.heard()
    await house.until(lambda: site(house).condition == "running")


@pytest.mark.req("RT7")
async def test_a_new_release_takes_the_place_of_one_that_sleeps(house: PlaneHouse) -> None:
    await serving(house)
    later(house, 5.1)
    second = house.release({"app.py": COUNTS.replace("%d", "second %d")}, manifest=SLEEPS)
    await house.until_running(second)
    assert (await house.get("/")).text == "second 1"


@pytest.mark.req("RT7")
async def test_what_dies_in_its_sleep_is_no_crash_and_is_started_when_it_is_used(house: PlaneHouse) -> None:
    await serving(house)
    later(house, 5.1)
    await house.plane._host._served[APP, "production"].instance.sandbox.kill()  # type: ignore[union-attr]
    await house.until(lambda: house.plane._host._served[APP, "production"].instance is None)
    assert site(house).condition == "asleep"
    assert (await house.get("/")).text == "1"


@pytest.mark.req("RT7")
async def test_a_request_says_so_when_what_it_woke_does_not_start(
    house: PlaneHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bailiwick.dataplane.router.answering._WAKE_SECONDS", 0.2)
    state = house.release({"app.py": "import time\ntime.sleep(1)\n" + COUNTS}, manifest=SLEEPS)
    await house.until_running(state)
    later(house, 5.1)
    later(house, 40)
    answer = await house.get("/")
    assert (answer.status_code, "The app is starting" in answer.text) == (503, True)
    await house.until(lambda: site(house).condition == "running")
    assert (await house.get("/")).text == "1"


@pytest.fixture
async def warm_house(new_house: Callable[..., PlaneHouse]) -> AsyncIterator[PlaneHouse]:
    """A plane that sets memory aside for apps that sleep."""
    house = new_house(warm_memory_mib=1024)
    server = await serve(Router(house.plane._router_parts()), "127.0.0.1", 0)
    house.port = server.sockets[0].getsockname()[1]
    yield house
    server.close()


@pytest.mark.req("RT6", "RT7")
async def test_what_sleeps_stays_warm_within_the_memory_for_it_and_the_longest_asleep_goes_first(
    warm_house: PlaneHouse,
) -> None:
    house = warm_house
    both = (house.release({"app.py": COUNTS}, manifest=SLEEPS, mode=mode) for mode in ("production", "preview"))
    await house.until_running(*both)
    assert (await house.get("/")).text == "1"
    later(house, 5.1)
    later(house, 12 * 60)
    assert (await house.get("/")).text == "2", "it goes on where it was, half a day later"
    assert (await house.get("/", "preview")).text == "1"
    served = house.plane._host._served
    later(house, 5.1)
    served[APP, "preview"].slept -= 60
    limit = sum(_memory_of(item.instance) for item in served.values() if item.instance is not None) - 1
    tight = replace(house.plane._host._sleeper, warm_bytes=limit)
    tight.look(list(served.values()), time.monotonic() + 12 * 3600)
    assert served[APP, "production"].instance is not None
    assert (served[APP, "preview"].instance, site(house, "preview").condition) == (None, "asleep")
    assert (await house.get("/")).text == "3"
    assert (await house.get("/", "preview")).text == "1", "it was started anew"

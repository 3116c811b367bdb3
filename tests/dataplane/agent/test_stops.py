"""Stops at a data plane: by order and by itself, each for the modes that are meant and no other."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bailiwick.core.guardrails import ErrorRails, Guardrails
from bailiwick.core.messages import AppState, KillReport, RunJobOrder
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.dataplane.app import DataPlane
from bailiwick.dataplane.router import CallRegistry
from tests.fixtures.plane import APP, HELLO, MANIFEST, PlaneHouse

SLOW = """
import asyncio

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 500 if scope["path"] == "/fail" else 200, "headers": []})
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    await asyncio.sleep({"/wait": 600, "/soon": 3}.get(scope["path"], 0))
    await send({"type": "http.response.body", "body": b" done"})
"""


def processes_of(namespace: Path) -> list[Path]:
    left = []
    for entry in Path("/proc").glob("[0-9]*/ns/pid"):
        try:
            left += [entry] if entry.readlink() == namespace else []
        except OSError:
            continue
    return left


async def in_flight(house: PlaneHouse, mode: str, path: str = "/wait") -> "asyncio.Task[object]":
    """Return a request that has begun to be answered and waits."""
    asked = asyncio.create_task(house.get(path, mode))
    site = house.plane._sites.find(f"desk-{mode}.apps.localhost")
    assert site is not None
    await house.until(lambda: any(item._answer_begun for item in site.in_flight))  # type: ignore[attr-defined]
    return asked


@pytest.mark.req("RT5")
async def test_a_stop_cuts_running_requests_and_leaves_no_process(house: PlaneHouse) -> None:
    await house.until_running(house.release({"app.py": SLOW}))
    namespace = Path(f"/proc/{house.inner_pid()}/ns/pid").readlink()
    assert processes_of(namespace)
    asked = await in_flight(house, "production")
    began = asyncio.get_running_loop().time()
    await house.kill("production", because="it leaks")
    with pytest.raises(Exception, match=r"(?i)closed|reset|incomplete|disconnect|read"):
        await asked
    assert asyncio.get_running_loop().time() - began < 5
    assert processes_of(namespace) == []
    answer = await house.get("/")
    assert answer.status_code == 503
    assert "it leaks" in answer.text


@pytest.mark.req("RT5")
async def test_a_release_that_takes_over_lets_the_requests_of_the_one_before_end(house: PlaneHouse) -> None:
    await house.until_running(house.release({"app.py": SLOW}))
    asked = await in_flight(house, "production", "/soon")
    second = house.release({"app.py": SLOW.replace("begun", "second")})
    await house.serve(second)
    await house.until(lambda: house.plane._sites.find("desk-production.apps.localhost").state.release == second.release)  # type: ignore[union-attr]
    assert (await house.get("/")).text == "second done"
    assert (await asked).text == "begun done"  # type: ignore[attr-defined]


@pytest.mark.req("RT7")
async def test_when_a_new_release_does_not_start_the_one_before_stays_and_is_kept_up(house: PlaneHouse) -> None:
    first = house.release({"app.py": SLOW})
    await house.until_running(first)
    broken = house.release({"app.py": "raise SystemExit('not today')\n"})
    await house.serve(broken)
    report = await house.until_status("failed", state=broken)
    assert "not today" in report.words
    assert (await house.get("/")).text == "begun done"
    before = house.inner_pid()
    os.kill(before, signal.SIGKILL)
    await house.until(lambda: _running(house, first) and house.inner_pid() != before)
    assert (await house.get("/")).text == "begun done"


@pytest.mark.req("RT7")
async def test_what_does_not_start_for_a_passing_reason_is_started_again_by_itself(house: PlaneHouse) -> None:
    house.release({"app.py": SLOW})  # what both share is built by then, and no part of the time that follows
    early = f"import time\nif time.time() < {time.time() + 4}: raise SystemExit('too early')\n"
    late = house.release({"app.py": early + SLOW})
    await house.serve(late)
    report = await house.until_status("failed", state=late)
    assert "too early" in report.words
    await house.until_status("running", state=late)
    assert (await house.get("/")).text == "begun done"


@pytest.mark.req("RT7")
async def test_what_never_starts_is_given_up_in_the_end(house: PlaneHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bailiwick.dataplane.agent.starting._RESTART_SECONDS", (0.1, 0.2))
    broken = house.release({"app.py": "raise SystemExit('not today')\n"})
    await house.serve(broken)
    await house.until(lambda: len([item for item in house.statuses() if item.status == "failed"]) == 4)
    assert [item.status for item in house.statuses()] == ["starting"] + ["failed"] * 4
    assert "again and again" in house.statuses()[-1].words
    assert "not today" in house.statuses()[-2].words
    answer = await house.get("/")
    assert (answer.status_code, "could not be started" in answer.text) == (503, True)


def _running(house: PlaneHouse, state: AppState) -> bool:
    site = house.plane._sites.find("desk-production.apps.localhost")
    return site is not None and site.condition == "running" and site.state.release == state.release


@pytest.mark.req("RT5")
async def test_stopping_a_preview_leaves_production_and_its_requests_alone(house: PlaneHouse) -> None:
    production, preview = house.release({"app.py": SLOW}), house.release({"app.py": SLOW}, mode="preview")
    await house.until_running(production, preview)
    asked = await in_flight(house, "production")
    trace = next(iter(house.plane._calls._calls))
    await house.kill("preview")
    assert (await house.get("/", "preview")).status_code == 503
    assert (await house.get("/")).text == "begun done"
    assert house.plane._calls.resolve(trace) is not None
    assert not asked.done()
    asked.cancel()


@pytest.mark.req("RT5")
def test_the_calls_of_one_release_end_without_those_of_another() -> None:
    registry = CallRegistry()
    person = Identity(Principal("user", "u"), frozenset())
    for trace, release in (("a" * 32, "rel_1"), ("b" * 32, "rel_2")):
        registry.begin(Call(person, APP, release, trace))
    registry.end_release(APP, "rel_1")
    assert registry.resolve("a" * 32) is None
    assert registry.resolve("b" * 32) is not None


@pytest.mark.req("RT4")
async def test_a_preview_that_fails_stops_itself_only_and_stays_stopped_over_a_restart(house: PlaneHouse) -> None:
    production = house.release({"app.py": SLOW})
    preview = house.release(
        {"app.py": SLOW}, mode="preview", guardrails=Guardrails(errors=ErrorRails(consecutive_errors=3))
    )
    await house.until_running(production, preview)
    for _ in range(3):
        await house.get("/fail", "preview")
    assert (await house.get("/", "preview")).status_code == 503
    assert (await house.get("/")).status_code == 200
    report = next(item for item in house.reports() if isinstance(item, KillReport))
    assert (report.mode, report.because) == ("preview", "3 requests in a row failed")

    again = DataPlane(house.plane._settings)
    await again._take(house.desired(production, preview))
    assert {(site.state.mode, site.condition) for site in again._sites.all()} == {
        ("preview", "killed"),
        ("production", "starting"),
    }
    await again._host.close()
    again._spool.close()


@pytest.mark.req("RT4", "RT5")
async def test_what_stopped_itself_runs_again_only_after_the_control_plane_knew_of_the_stop(house: PlaneHouse) -> None:
    state = house.release({"app.py": SLOW}, guardrails=Guardrails(errors=ErrorRails(consecutive_errors=1)))
    await house.until_running(state)
    await house.get("/fail")
    await house.serve(state)
    assert (await house.get("/")).status_code == 503
    await house.serve(state.model_copy(update={"status": "killed", "killed_because": "1 requests in a row failed"}))
    await house.serve(state)
    site = house.plane._sites.find("desk-production.apps.localhost")
    assert site is not None
    await house.until(lambda: house.plane._sites.find("desk-production.apps.localhost").condition == "running")  # type: ignore[union-attr]
    assert (await house.get("/")).status_code == 200


@pytest.mark.req("RT5")
async def test_a_stop_while_an_app_starts_leaves_nothing_running(new_house: Callable[..., PlaneHouse]) -> None:
    house = new_house()
    manifest = MANIFEST.replace("app:app", "never_up:app")
    await house.serve(house.release({"never_up.py": "import time\ntime.sleep(600)"}, manifest=manifest))
    await house.until(lambda: sandboxes_of(house, "never_up:app"))
    await house.kill("production")
    assert sandboxes_of(house, "never_up:app") == []
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert [task for task in left if "_ask" in repr(task) or "bring_up" in repr(task)] == []


@pytest.mark.req("RT5", "RT7")
async def test_a_stop_ends_the_jobs_of_the_app_too(house: PlaneHouse) -> None:
    jobs = '[jobs.endless]\nschedule = "0 2 * * *"\nrun = "endless_job:work"\n'
    files = {"app.py": HELLO, "endless_job.py": "import time\ndef work():\n    time.sleep(600)\n"}
    state = house.release(files, manifest=MANIFEST + jobs)
    await house.until_running(state)
    await house.plane._take(RunJobOrder(app=APP, job="endless", run="run_1", asked_by="user:b@example.com"))
    await house.until(lambda: sandboxes_of(house, "endless_job:work"))
    await house.kill("production")
    assert sandboxes_of(house, "endless_job:work") == []
    report = await house.until_job("run_1")
    assert (report.status, report.words) == ("failed", "the app was stopped")


def sandboxes_of(house: PlaneHouse, entrypoint: str) -> list[bytes]:
    """Return the command lines of a plane's sandboxes that start an entrypoint: its releases are mounted in them."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(entry.read_bytes())
        except OSError:
            continue
    return [line for line in found if str(house.state).encode() in line and entrypoint.encode() in line]

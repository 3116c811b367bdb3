"""The automatic kill switch at a plane that is whole: what trips it, what it stops, and the evidence that it leaves."""

import asyncio

import pytest

from bailiwick.core.guardrails import AmountRails, CrashRails, ErrorRails, Guardrails
from bailiwick.core.messages import KillReport
from bailiwick.core.principals import Identity, Principal
from bailiwick.dataplane.app import DataPlane
from bailiwick.dataplane.gateways.sql import Binding
from tests.dataplane.agent.test_models import ASKS, WITH_MODEL
from tests.dataplane.agent.test_stop_scopes import GRANT, ORDERS, WAITS
from tests.fixtures.model_gateway import model
from tests.fixtures.plane import APP, HELLO, PlaneHouse

pytestmark = pytest.mark.req("RT4")
FAILS = """
import asyncio

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await asyncio.sleep(float(scope["path"].strip("/") or 0) if "0." in scope["path"] else 0)
    await send({"type": "http.response.start", "status": 500, "headers": []})
    await send({"type": "http.response.body", "body": b"no"})
"""


def kills(house: PlaneHouse) -> list[KillReport]:
    return [item for item in house.reports() if isinstance(item, KillReport)]


async def test_errors_that_jump_stop_the_app_before_the_absolute_limit_and_the_figures_are_kept(
    house: PlaneHouse,
) -> None:
    rails = Guardrails(errors=ErrorRails(consecutive_errors=1000, window_requests=1000))
    await house.until_running(house.release({"app.py": FAILS}, guardrails=rails))
    # Answers that come one after the other over most of a second, however slow this machine is at asking.
    await asyncio.gather(*(house.get(f"/0.{number}") for number in range(1, 9)))
    assert (await house.get("/")).status_code == 503
    (report,) = kills(house)
    assert (report.rule, report.security, report.scope) == ("error-rate", False, None)
    assert "requests failed within a second; 0.0% do usually" in report.because
    assert report.counters["errors_in_a_second"] >= 4
    assert {trace.status for trace in report.requests} == {500}


async def test_refused_calls_stop_the_app_for_security(house: PlaneHouse) -> None:
    house.models = (model("other", has_key=False, open_to=frozenset()),)
    rails = Guardrails(amounts=AmountRails(refused_grants=3))
    await house.until_running(house.release({"app.py": ASKS}, manifest=WITH_MODEL, guardrails=rails))
    for _ in range(4):
        await house.get("/other")
    refused = await house.get("/other")
    assert (refused.status_code, "statements and calls were refused" in refused.text) == (503, True)
    (report,) = kills(house)
    assert (report.rule, report.security) == ("refused-grants", True)
    assert report.counters["refused_grants"] == 4


async def test_whoever_may_not_have_what_an_app_shows_cannot_have_the_app_stopped(house: PlaneHouse) -> None:
    house.models = (model(has_key=False, open_to=frozenset()), model("other", has_key=False, open_to=frozenset()))
    rails = Guardrails(amounts=AmountRails(refused_grants=5), errors=ErrorRails(consecutive_errors=3))
    falls = ASKS.replace('"status": 200', '"status": 500')
    await house.until_running(house.release({"app.py": falls}, manifest=WITH_MODEL, guardrails=rails))
    for _ in range(8):
        answer = await house.get("/default")
        assert answer.status_code == 500
    assert "no policy lets user:user@example.com" in answer.text
    assert kills(house) == []
    # What the app breaks by itself counts as before, and what it never declared is its own doing.
    for _ in range(3):
        await house.get("/other")
    assert (await house.get("/default")).status_code == 503
    (report,) = kills(house)
    assert [trace.refused for trace in report.requests] == [True] * 8 + [False] * 3


async def test_an_integration_that_apps_read_too_much_from_is_closed_and_stays_so_until_the_control_plane_knew(
    house: PlaneHouse,
) -> None:
    rails = Guardrails(amounts=AmountRails(rows=1000, integration_factor=0.5))
    state = house.release({"app.py": WAITS}, integrations=(ORDERS,), guardrails=rails)
    await house.until_running(state)
    binding = Binding(APP, state.release, "default", "production", "orders-db", GRANT, {})
    who = Identity(Principal("user", "u@example.com"), frozenset({"user:u@example.com"}))

    def why(plane: DataPlane) -> str:
        return plane._integrations.authorize(who, binding).reason

    house.plane._guard.observe_rows(APP, "orders-db", 501)
    assert why(house.plane).startswith("orders-db is stopped: 501 rows were read or written within 60 s by the")
    (report,) = kills(house)
    assert report.scope is not None
    assert (report.scope.written, report.app, report.security) == ("integration:orders-db", APP, True)
    await house.serve(state)
    assert "is stopped" in why(house.plane)
    assert (await house.get("/")).text == "begun done"

    again = DataPlane(house.plane._settings)
    await again._take(house.desired(state))
    assert "is stopped" in why(again)
    closed = ORDERS.model_copy(update={"enabled": False, "stopped": report.because})
    for integration, stopped in ((closed, True), (ORDERS, False)):
        house.version += 1
        await again._take(house.desired(state.model_copy(update={"integrations": (integration,)})))
        assert ("is stopped" in why(again)) == stopped
    await again._host.close()
    again._spool.close()


async def test_on_trial_every_so_many_th_request_passes_and_another_failure_stops_it(house: PlaneHouse) -> None:
    rails = Guardrails(errors=ErrorRails(consecutive_errors=2))
    mixed = FAILS.replace('"status": 500', '"status": 500 if scope["path"] == "/bad" else 200')
    state = house.release({"app.py": mixed}, guardrails=rails, trial=0.25)
    await house.until_running(state)
    codes = [(await house.get("/")).status_code for _ in range(8)]
    assert codes == [200, 503, 503, 503] * 2
    held = await house.get("/")
    assert held.status_code == 200
    refused = await house.get("/")
    assert "tried again: few requests are let through" in refused.text
    await house.serve(state.model_copy(update={"trial": 1.0}))
    for _ in range(2):
        await house.get("/bad")
    assert (await house.get("/")).status_code == 503
    assert [item.rule for item in kills(house)] == ["errors"]


async def test_an_app_that_ends_again_and_again_is_stopped(house: PlaneHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bailiwick.dataplane.agent.starting._RESTART_SECONDS", (0.1,) * 10)
    ending = f"import os, threading\nthreading.Timer(0.5, os._exit, [1]).start()\n{HELLO}"
    rails = Guardrails(crashes=CrashRails(starts=3))
    await house.serve(house.release({"app.py": ending}, guardrails=rails))
    (report,) = await house.until(lambda: kills(house))
    assert (report.rule, report.because) == ("crash-loop", "it had to be started again 3 times within 10 minutes")
    assert (await house.get("/")).status_code == 503


async def test_releases_that_follow_each_other_quickly_are_no_crash_loop(house: PlaneHouse) -> None:
    rails = Guardrails(crashes=CrashRails(starts=2))
    for number in range(4):
        await house.until_running(house.release({"app.py": HELLO, "n.py": f"N = {number}\n"}, guardrails=rails))
    assert kills(house) == []
    assert (await house.get("/")).text == "hello"

"""Orders that stop more than an app: what they close at once, what may end in peace, and what stays up."""

import asyncio
import json
from collections.abc import Callable, Iterator

import pytest

from bailiwick.core.grants import DataGrant
from bailiwick.core.messages import AppState, DatabaseConnection, IntegrationState, KillOrder
from bailiwick.core.principals import Identity, Principal
from bailiwick.core.stops import StopScope
from bailiwick.dataplane.gateways.sql import Binding
from tests.dataplane.agent.test_models import ASKS, WITH_MODEL
from tests.dataplane.agent.test_stops import in_flight
from tests.fixtures.model_gateway import model
from tests.fixtures.model_server import ModelServer, model_server
from tests.fixtures.plane import APP, PlaneHouse

pytestmark = pytest.mark.req("RT5")
WAITS = """
import asyncio

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    await asyncio.sleep({"/wait": 600, "/soon": 1.5}.get(scope["path"], 0))
    await send({"type": "http.response.body", "body": b" done"})
"""
GRANT = DataGrant(integration="orders-db", tables=())
ORDERS = IntegrationState(
    name="orders",
    resource="orders-db",
    connection=DatabaseConnection(kind="postgresql", host="h", port=1, database="d", user="u", secret="s"),
    grant=GRANT,
    roles={},
)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as made:
        yield made


async def order(house: PlaneHouse, written: str, *, drain: int = 0, apps: tuple[str, ...] = ()) -> None:
    """Give an order as the control plane does."""
    scope = StopScope.parse(written)
    await house.plane._take(KillOrder(scope=scope, because="it leaks", drain_seconds=drain, apps=apps))


async def brought_back(house: PlaneHouse, state: AppState) -> None:
    """Serve what was stopped, and wait until it runs."""
    await house.serve(state)
    await house.until(lambda: house.plane._host._served[(APP, "production")].site.condition == "running")


async def test_what_is_in_flight_may_end_and_nothing_new_begins(house: PlaneHouse) -> None:
    state = house.release({"app.py": WAITS})
    await house.until_running(state)
    asked = await in_flight(house, "production", "/soon")
    await order(house, "folder:finance", drain=30)
    await house.serve(state.model_copy(update={"status": "killed", "killed_because": "it leaks"}))
    refused = await house.get("/")
    assert (refused.status_code, "it leaks" in refused.text) == (503, True)
    assert (await asked).text == "begun done"  # type: ignore[attr-defined]
    await house.until(lambda: house.plane._host._served[(APP, "production")].instance is None)


async def test_what_does_not_end_in_its_time_is_cut_and_what_is_brought_back_starts_anew(house: PlaneHouse) -> None:
    state = house.release({"app.py": WAITS})
    await house.until_running(state)
    asked = await in_flight(house, "production")
    before = house.inner_pid()
    await order(house, "everything", drain=1)
    with pytest.raises(Exception, match=r"(?i)closed|reset|incomplete|disconnect|read"):
        await asyncio.wait_for(asked, 10)
    await brought_back(house, state)
    second = await in_flight(house, "production")
    await order(house, APP, drain=300)
    await brought_back(house, state)
    with pytest.raises(Exception, match=r"(?i)closed|reset|incomplete|disconnect|read"):
        await asyncio.wait_for(second, 10)
    assert house.inner_pid() != before
    assert (await house.get("/")).text == "begun done"


async def test_an_order_stops_what_it_covers_here_and_nothing_else(house: PlaneHouse) -> None:
    state = house.release({"app.py": WAITS})
    await house.until_running(state)
    for beside in ("plane:editor", "tenant:other", "folder:hr", "builder:ada@example.com", "finance/books"):
        await order(house, beside)
        assert (await house.get("/")).text == "begun done", beside
    await order(house, "builder:ada@example.com", apps=(APP,))
    assert (await house.get("/")).status_code == 503


async def test_a_closed_integration_is_refused_in_words_and_its_apps_stay_up(house: PlaneHouse) -> None:
    state = house.release({"app.py": WAITS}, integrations=(ORDERS,))
    await house.until_running(state)
    binding = Binding(APP, state.release, "default", "production", "orders-db", GRANT, {})
    who = Identity(Principal("user", "u@example.com"), frozenset({"user:u@example.com"}))
    before = house.inner_pid()
    await order(house, "integration:orders-db")
    decision = house.plane._integrations.authorize(who, binding)
    assert (decision.allowed, decision.reason) == (
        False,
        "orders-db is stopped: it leaks; a person must lift that",
    )
    assert "integration-switched-off" in decision.deciders
    closed = ORDERS.model_copy(update={"enabled": False, "stopped": "it leaks"})
    await house.serve(state.model_copy(update={"integrations": (closed,)}))
    assert ((await house.get("/")).text, house.inner_pid()) == ("begun done", before)
    await house.serve(state)
    assert "stopped" not in house.plane._integrations.authorize(who, binding).reason


async def test_a_closed_model_is_refused_in_words_until_it_is_open_again(
    house: PlaneHouse, server: ModelServer
) -> None:
    house.models = (model(url=server.url, has_key=False),)
    state = house.release({"app.py": ASKS}, manifest=WITH_MODEL)
    await house.until_running(state)
    assert "choices" in json.loads((await house.get("/default")).text)
    await order(house, "model:support-model")
    said = json.loads((await house.get("/default")).text)
    assert "support-model is stopped: it leaks" in said["error"]["message"]
    assert (await house.until_event("model.refused")).deciders == ("kill-switch",)
    await house.serve(state)
    assert "choices" in json.loads((await house.get("/default")).text)


async def test_a_state_that_says_so_cuts_what_an_order_did_not(new_house: Callable[..., PlaneHouse]) -> None:
    house, ended = new_house(), list[str]()
    house.plane._cutter.models = Ending(ended)
    house.models = (model(),)
    await house.serve()
    house.models = (model(stopped="it leaks"),)
    await house.serve()
    await house.serve()
    assert ended == ["support-model"]


class Ending:
    """A gateway that only remembers what it was to end."""

    def __init__(self, ended: list[str]) -> None:
        self._ended = ended

    def end_using(self, name: str) -> None:
        self._ended.append(name)

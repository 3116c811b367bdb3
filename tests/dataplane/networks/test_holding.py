"""A whole plane that is not ready starts nothing, says why, and starts by itself once the way is closed."""

import socket

import pytest

from bailiwick.core.messages import Forbidden, NetworkRules, NetworksReport
from tests.fixtures.plane import HELLO, PlaneHouse

pytestmark = pytest.mark.req("DG4", "RT2")


def rules(port: int) -> NetworkRules:
    database = Forbidden(what="the production database of orders-db", host="127.0.0.1", port=port)
    return NetworkRules(separate=True, forbidden=(database,))


async def test_nothing_starts_until_the_way_is_closed(house: PlaneHouse) -> None:
    watch = house.plane._networks
    state = house.release({"app.py": HELLO}, mode="preview", host="desk-preview")
    with socket.create_server(("127.0.0.1", 0)) as database:
        told = rules(database.getsockname()[1])
        house.version += 1
        desired = house.desired(state).model_copy(update={"networks": told})
        await house.plane._take(desired)
        assert (await watch.look()).ready is False
        held = await house.until_status("refused", "running", state=state)
        assert held.words == "this data plane is not ready: that its network is apart from the others is not shown"
        answer = await house.get("/", "preview")
        assert answer.status_code == 503
        assert "127.0.0.1" not in answer.text
        assert house.plane._health()["ready"] is False
    # The way is closed: the next round shows it, and what was held starts by itself.
    assert (await watch.look()).ready is True
    await house.until_status("running", "failed", state=state)
    assert (await house.get("/", "preview")).text == "hello"
    assert house.plane._health()["ready"] is True
    (first, *_, last) = [item for item in house.reports() if isinstance(item, NetworksReport)]
    assert [item.reached for item in first.tries if item.source == "plane"] == ["open"]
    # What the plane itself reaches, its sandbox does not: there it tries the plane's own doors, too.
    inside = {item.what: item.reached for item in last.tries if item.source == "sandbox"}
    assert inside.keys() == {"the production database of orders-db", "the router of its own plane"}
    assert set(inside.values()) == {"refused"}
    assert [item.reached for item in first.tries if item.source == "sandbox"] == ["refused"] * len(inside)


async def test_a_way_found_later_lets_what_runs_go_on_and_starts_nothing_new(house: PlaneHouse) -> None:
    first = house.release({"app.py": HELLO}, mode="preview", host="desk-preview")
    second = house.release({"app.py": HELLO.replace("hello", "again")}, mode="preview", host="desk-preview")
    await house.until_running(first)
    with socket.create_server(("127.0.0.1", 0)) as database:
        house.version += 1
        desired = house.desired(second).model_copy(update={"networks": rules(database.getsockname()[1])})
        await house.plane._take(desired)
        await house.plane._networks.look()
        await house.until_status("refused", state=second)
        assert (await house.get("/", "preview")).text == "hello"
    await house.plane._networks.look()
    await house.until_status("running", state=second)
    assert (await house.get("/", "preview")).text == "again"

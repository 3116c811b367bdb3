"""Web apps of each interface in a real sandbox, with a database behind the gateway that tells people apart."""

import asyncio

import httpx2
import pytest

from bailiwick.core.messages import IntegrationState
from tests.fixtures.plane import MANIFEST, PlaneHouse

USES = '[integrations.orders]\nuse = "orders-db"\naccess = ["orders:read"]\n'
QUERY = """
import os, psycopg

def regions():
    with psycopg.connect(os.environ["ORDERS_URL"]) as connection:
        rows = connection.execute("SELECT DISTINCT region FROM orders").fetchall()
    return ",".join(row[0] for row in rows).encode()
"""
WSGI = """
from data import regions

def app(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain")])
    return [environ["REQUEST_METHOD"].encode(), b" ", environ["HTTP_X_BAILIWICK_USER"].encode(), b" ", regions()]
"""
ASGI2 = """
class app:
    def __init__(self, scope):
        self.scope = scope

    async def __call__(self, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": self.scope["path"].encode()})
"""


@pytest.mark.req("RT7", "IN3", "IN7")
async def test_a_plain_wsgi_app_queries_as_the_person_of_each_request(
    house: PlaneHouse, orders: IntegrationState
) -> None:
    files = {"app.py": WSGI, "data.py": QUERY}
    await house.until_running(house.release(files, manifest=MANIFEST + USES, integrations=(orders,)))
    wanted = ["EMEA", "APAC"] * 4
    answers = await asyncio.gather(*(house.get("/", region=region) for region in wanted))
    assert [answer.text for answer in answers] == [f"GET user@example.com {region}" for region in wanted]
    queries = house.events("query.executed")
    assert {event.actor for event in queries} == {"user:user@example.com"}
    assert len({event.trace for event in queries}) == len(wanted)


@pytest.mark.req("IN6", "RT5")
async def test_switching_an_integration_off_stops_the_queries_of_a_running_app(
    house: PlaneHouse, orders: IntegrationState
) -> None:
    state = house.release({"app.py": WSGI, "data.py": QUERY}, manifest=MANIFEST + USES, integrations=(orders,))
    await house.until_running(state)
    assert (await house.get("/")).text.endswith("EMEA")
    off = orders.model_copy(update={"enabled": False})
    process = house.inner_pid()
    await house.serve(state.model_copy(update={"integrations": (off,)}))
    assert house.inner_pid() == process
    with pytest.raises(httpx2.RemoteProtocolError):  # the answer had begun when the query was refused
        await house.get("/")
    refused = house.events("query.refused")[-1]
    assert refused.reason == "the integration is switched off, or was taken back from this app"
    assert refused.deciders == ("integration-switched-off",)


@pytest.mark.req("RT7")
async def test_an_asgi2_app_is_served_too(house: PlaneHouse) -> None:
    await house.until_running(house.release({"app.py": ASGI2}))
    assert (await house.get("/some/where")).text == "/some/where"

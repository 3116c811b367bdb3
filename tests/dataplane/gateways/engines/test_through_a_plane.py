"""An app in its sandbox, with a SQLite file and a MySQL database: it knows neither, and speaks PostgreSQL to both."""

from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from bailiwick.core.messages import FileConnection, IntegrationState, MysqlConnection
from bailiwick.dataplane.gateways.sql.engines import MysqlTarget
from bailiwick.dataplane.networks.own import own_addresses
from bailiwick.dataplane.router import Router, serve
from tests.dataplane.gateways.engines.conftest import GRANT, PASSWORD
from tests.fixtures.plane import MANIFEST, PlaneHouse

USES = """
[integrations.shop]
use = "shop-db"
access = ["orders:read"]

[integrations.figures]
use = "figures"
access = ["orders:read"]
"""
APP = """
import os, psycopg

def found(name):
    with psycopg.connect(os.environ[name]) as connection:
        return connection.execute("SELECT DISTINCT region, %s::int FROM orders", (7,)).fetchall()

def app(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain")])
    return [repr([found("SHOP_URL"), found("FIGURES_URL")]).encode()]
"""


@pytest.mark.req("IN9", "IN3", "IN7", "IN2")
async def test_an_app_speaks_postgresql_to_both(
    new_house: Callable[..., PlaneHouse], mysql_target: MysqlTarget, sqlite_path: Path
) -> None:
    house = new_house(database_files=(sqlite_path.parent,))
    server = await serve(Router(house.plane._router_parts()), "127.0.0.1", 0)
    house.port = server.sockets[0].getsockname()[1]
    house.tell_secret("shop-password", PASSWORD)
    place = {name: getattr(mysql_target, name) for name in ("host", "port", "database", "user", "authority")}
    connections = {
        "shop": ("shop-db", MysqlConnection(kind="mysql", secret="shop-password", **place)),
        "figures": ("figures", FileConnection(kind="sqlite", path=str(sqlite_path))),
    }
    states = tuple(
        IntegrationState(name=name, resource=resource, connection=connection, grant=GRANT, roles={})
        for name, (resource, connection) in connections.items()
    )
    state = house.release({"app.py": APP}, manifest=MANIFEST + USES, integrations=states)
    await house.until_running(state)
    for region in ("EMEA", "APAC"):
        assert (await house.get("/", region=region)).text == f"[[('{region}', 7)], [('{region}', 7)]]"
    queries = house.events("query.executed")
    assert {event.resource for event in queries} == {"integration:shop-db", "integration:figures"}
    assert {event.actor for event in queries} == {"user:user@example.com"}
    assert PASSWORD in house.plane._integrations.secrets()
    doors = {item.what for item in own_addresses(house.plane._settings, house.plane._desired())}
    assert "the system behind shop-db" in doors and "the system behind figures" not in doors
    off = tuple(item.model_copy(update={"enabled": False}) for item in states)
    await house.serve(state.model_copy(update={"integrations": off}))
    with pytest.raises(httpx2.RemoteProtocolError):  # the answer had begun when the query was refused
        await house.get("/")
    assert house.events("query.refused")[-1].deciders == ("integration-switched-off",)
    server.close()

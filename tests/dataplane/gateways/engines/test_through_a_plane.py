"""An app in its sandbox, with a file, a database and two warehouses: it knows none, and speaks PostgreSQL to all."""

from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from bailiwick.core.messages import (
    BigQueryConnection,
    FileConnection,
    IntegrationState,
    MysqlConnection,
    SnowflakeConnection,
)
from bailiwick.dataplane.gateways.sql.engines import MysqlTarget
from bailiwick.dataplane.networks.own import own_addresses
from bailiwick.dataplane.router import Router, serve
from tests.dataplane.gateways.engines.conftest import GRANT, PASSWORD
from tests.fixtures.bigquery import BigQuery
from tests.fixtures.google import ACCOUNT, KEY_ID, account_key
from tests.fixtures.plane import MANIFEST, PlaneHouse
from tests.fixtures.snowflake import Snowflake

USES = """
[integrations.shop]
use = "shop-db"
access = ["orders:read"]

[integrations.figures]
use = "figures"
access = ["orders:read"]

[integrations.lake]
use = "lake"
access = ["orders:read"]

[integrations.snow]
use = "snow"
access = ["orders:read"]
"""
APP = """
import os, psycopg

def found(name):
    with psycopg.connect(os.environ[name]) as connection:
        return connection.execute("SELECT DISTINCT region, %s::int FROM orders", (7,)).fetchall()

def app(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain")])
    return [repr([found(name) for name in ("SHOP_URL", "FIGURES_URL", "LAKE_URL", "SNOW_URL")]).encode()]
"""


def lake(server: BigQuery) -> BigQueryConnection:
    return BigQueryConnection(
        kind="bigquery", project="company-data", dataset="shop", location="EU", issuer=ACCOUNT, key_id=KEY_ID,
        secret="robot-key", url=server.url, token_url=f"{server.url}/token",
    )  # fmt: skip


def snow(server: Snowflake) -> SnowflakeConnection:
    return SnowflakeConnection(
        kind="snowflake", account_name="MYORG-SHOP", user="BAILIWICK", secret="snow-key", database="SHOP",
        url=server.url,
    )  # fmt: skip


@pytest.mark.req("IN9", "IN3", "IN7", "IN2")
async def test_an_app_speaks_postgresql_to_all(
    new_house: Callable[..., PlaneHouse],
    mysql_target: MysqlTarget,
    sqlite_path: Path,
    bigquery_server: BigQuery,
    snowflake_server: Snowflake,
) -> None:
    house = new_house(database_files=(sqlite_path.parent,))
    server = await serve(Router(house.plane._router_parts()), "127.0.0.1", 0)
    house.port = server.sockets[0].getsockname()[1]
    house.tell_secret("shop-password", PASSWORD)
    for name in ("robot-key", "snow-key"):
        house.tell_secret(name, account_key())
    place = {name: getattr(mysql_target, name) for name in ("host", "port", "database", "user", "authority")}
    connections = {
        "shop": ("shop-db", MysqlConnection(kind="mysql", secret="shop-password", **place)),
        "figures": ("figures", FileConnection(kind="sqlite", path=str(sqlite_path))),
        "lake": ("lake", lake(bigquery_server)),
        "snow": ("snow", snow(snowflake_server)),
    }
    states = tuple(
        IntegrationState(name=name, resource=resource, connection=connection, grant=GRANT, roles={})
        for name, (resource, connection) in connections.items()
    )
    state = house.release({"app.py": APP}, manifest=MANIFEST + USES, integrations=states)
    await house.until_running(state)
    for region in ("EMEA", "APAC"):
        same = f"[('{region}', 7)]"
        assert (await house.get("/", region=region)).text == f"[{same}, {same}, {same}, {same}]"
    queries = house.events("query.executed")
    used = {"integration:shop-db", "integration:figures", "integration:lake", "integration:snow"}
    assert {event.resource for event in queries} == used
    assert {event.actor for event in queries} == {"user:user@example.com"}
    assert PASSWORD in house.plane._integrations.secrets()
    doors = {item.what for item in own_addresses(house.plane._settings, house.plane._desired())}
    assert {"the system behind shop-db", "the system behind lake", "the system behind snow"} <= doors
    assert "the system behind figures" not in doors
    off = tuple(item.model_copy(update={"enabled": False}) for item in states)
    await house.serve(state.model_copy(update={"integrations": off}))
    with pytest.raises(httpx2.RemoteProtocolError):  # the answer had begun when the query was refused
        await house.get("/")
    assert house.events("query.refused")[-1].deciders == ("integration-switched-off",)
    server.close()

"""An app with a database of its own in a real sandbox: migrated before it serves, reached without a credential."""

from collections.abc import AsyncIterator, Callable

import psycopg
import pytest

from bailiwick.core.messages import AppState, DatabaseReport, RehearsalReport, RehearsalWanted, RestoreOrder
from bailiwick.core.migrations import migrations_of
from bailiwick.dataplane.databases.server import database_name
from bailiwick.dataplane.router import Router, serve
from bailiwick.store.embedded import EmbeddedPostgres
from tests.fixtures.app_databases import FIRST, SECOND, encoded, lesser_account
from tests.fixtures.plane import APP, MANIFEST, PlaneHouse

APP_CODE = """
import os, psycopg

def app(environ, start_response):
    path = environ["PATH_INFO"]
    start_response("200 OK", [("content-type", "text/plain")])
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        if path == "/add":
            connection.execute("INSERT INTO orders (item) VALUES ('a thing')")
        if path == "/drop":
            try:
                connection.execute("DROP TABLE orders")
            except psycopg.Error as fault:
                return [str(fault).encode()]
        return [str(connection.execute("SELECT count(*) FROM orders").fetchone()[0]).encode()]
"""
WANTS = MANIFEST + "[database]\n"
pytestmark = pytest.mark.req("RV11")


@pytest.fixture
async def housed(new_house: Callable[..., PlaneHouse], postgres: EmbeddedPostgres) -> AsyncIterator[PlaneHouse]:
    """A plane with a server for apps' databases."""
    house = new_house(app_databases={"url_file": str(lesser_account(postgres)), "lock_seconds": 0.5})
    server = await serve(Router(house.plane._router_parts()), "127.0.0.1", 0)
    house.port = server.sockets[0].getsockname()[1]
    yield house
    server.close()
    await house.plane._host.close()
    assert house.plane._databases is not None
    await house.plane._databases.server.drop(database_name("default", APP, "production"))


def release(house: PlaneHouse, migrations: dict[str, str], **fields: object) -> AppState:
    return house.release({"app.py": APP_CODE, **migrations}, manifest=WANTS, **fields)


async def test_an_app_uses_its_own_database_as_the_person_who_asks(housed: PlaneHouse) -> None:
    await housed.until_running(release(housed, FIRST))
    assert (await housed.get("/add")).text == "1"
    ran = next(event for event in housed.events("query.executed") if event.context["operation"] == "insert")
    assert (ran.actor, ran.resource) == ("user:user@example.com", f"database:{APP}")
    assert "does not match" not in (await housed.get("/drop")).text
    refused = housed.events("query.refused")[-1]
    assert "DropStmt" in refused.reason or "Drop" in refused.reason
    migrated = housed.events("database.migrated")[-1]
    assert migrated.context["ran"] == ("0001_orders",)


async def test_a_release_whose_migration_fails_leaves_the_one_before_serving(housed: PlaneHouse) -> None:
    await housed.until_running(release(housed, FIRST))
    broken = release(housed, {**SECOND, "migrations/0002_note.up.sql": "ALTER TABLE nowhere ADD note text;"})
    await housed.serve(broken)
    report = await housed.until_status("failed", state=broken)
    assert "0002_note failed in statement 1" in report.words
    assert (await housed.get("/")).text == "0"


async def test_rolling_back_asks_before_it_loses_and_says_what(housed: PlaneHouse, postgres: EmbeddedPostgres) -> None:
    first = release(housed, FIRST)
    await housed.until_running(first)
    await housed.get("/add")
    second = release(housed, SECOND)
    await housed.until_running(second)
    with psycopg.connect(postgres.url(database_name("default", APP, "production")), autocommit=True) as other:
        other.execute("UPDATE orders SET note = 'kept?'")
    again = first.model_copy(update={"release": first.release})
    await housed.serve(again)
    report = await housed.until(lambda: next((item for item in housed.statuses() if item.status == "failed"), None))
    assert "0002_note drops the column orders.note, which holds a value in 1 row" in report.words
    assert "--accept-loss" in report.words
    assert (await housed.get("/")).text == "1"
    await housed.serve(again.model_copy(update={"accept_loss": True}))
    await housed.until(lambda: housed.statuses()[-1].status == "running")
    assert housed.events("database.migrated")[-1].context["took_back"] == ("0002_note",)
    assert (await housed.get("/")).text == "1"


async def test_a_plane_without_a_server_says_so(house: PlaneHouse) -> None:
    state = release(house, FIRST)
    await house.serve(state)
    report = await house.until_status("failed", state=state)
    assert "apps get no [database] of their own here" in report.words


async def test_a_release_whose_migrations_nobody_rehearsed_is_refused(housed: PlaneHouse) -> None:
    state = release(housed, FIRST).model_copy(update={"rehearsal": None})
    await housed.serve(state)
    report = await housed.until_status("refused", "running", state=state)
    assert report.words == "nobody rehearsed the migrations of this release"
    other = release(housed, SECOND)
    await housed.serve(other.model_copy(update={"rehearsal": release(housed, FIRST).rehearsal}))
    report = await housed.until_status("refused", "running", state=other)
    assert report.words.startswith("the rehearsed tree is not the one expected")


async def test_a_rehearsal_that_is_asked_for_is_reported_once(housed: PlaneHouse) -> None:
    found = migrations_of(encoded(FIRST))
    texts = [{"number": item.number, "name": item.name, "up": item.up, "down": item.down} for item in found]
    wanted = RehearsalWanted.model_validate({"deploy": "dep_1", "app": APP, "tenant": "default", "migrations": texts})
    for _ in range(2):
        housed.version += 1
        await housed.plane._take(housed.desired().model_copy(update={"rehearsals": (wanted,)}))
    told = await housed.until(lambda: [item for item in housed.reports() if isinstance(item, RehearsalReport)])
    assert [(item.deploy, item.passed, item.why) for item in told] == [("dep_1", True, "")]
    assert [step.title for step in told[0].steps] == ["0001_orders"]


async def test_a_database_is_put_back_on_order_and_brought_to_what_serves(
    housed: PlaneHouse, postgres: EmbeddedPostgres
) -> None:
    await housed.until_running(release(housed, FIRST))
    await housed.get("/add")
    await housed.until_running(release(housed, SECOND))
    await housed.get("/add")
    told = [item for item in housed.reports() if isinstance(item, DatabaseReport)][-1]
    assert told.migrations == ("0001_orders", "0002_note")
    (snapshot,) = told.snapshots
    order = RestoreOrder(app=APP, mode="production", snapshot=snapshot.id, asked_by="user:it@example.com")
    await housed.plane._take(order)
    done = await housed.until_event("database.restored")
    assert (done.context["asked_by"], done.outcome) == ("user:it@example.com", "success")
    await housed.until(lambda: len(housed.events("database.migrated")) == 3 or None)
    await housed.until(lambda: housed.statuses()[-1].status == "running")
    assert (await housed.get("/")).text == "1"

"""From the SCIM call to the data plane: a person with a request, a statement and a session in flight loses them all."""

import asyncio
import time
from collections.abc import AsyncIterator

import psycopg
import pytest

from bailiwick.control.identity import CredentialRefusedError
from bailiwick.core.grants import ColumnGrant, DataGrant, Operation, RowCondition, TableGrant
from bailiwick.core.messages import (
    STATE_TYPE,
    AppState,
    DatabaseConnection,
    DesiredState,
    IntegrationState,
    decode_downlink,
)
from bailiwick.core.statements import Keyring, open_envelope, read_envelope
from bailiwick.store.embedded import EmbeddedPostgres
from tests.faces.scim.conftest import Directory
from tests.faces.scim.test_people import claims
from tests.fixtures.company import Company
from tests.fixtures.plane import MANIFEST, PlaneHouse

USER_EMAIL = "user@example.com"
USES = '[integrations.orders]\nuse = "orders-db"\naccess = ["orders:read"]\n'
NAME, PASSWORD = "leaving_orders", "the-real-credential"
SLOW = """
import os, psycopg

def app(environ, start_response):
    with psycopg.connect(os.environ["ORDERS_URL"]) as connection:
        if environ["PATH_INFO"] == "/slow":
            connection.execute("SELECT count(*) FROM orders a, orders b, orders c").fetchall()
        else:
            connection.execute("SELECT id FROM orders LIMIT 1").fetchall()
    start_response("200 OK", [("content-type", "text/plain")])
    return [b"done"]
"""


@pytest.fixture
def orders(postgres: EmbeddedPostgres, house: PlaneHouse) -> IntegrationState:
    postgres.create_database(NAME)
    postgres.create_role(NAME, PASSWORD)
    with psycopg.connect(postgres.url(NAME), autocommit=True) as owner:
        owner.execute("DROP TABLE IF EXISTS orders")
        owner.execute("CREATE TABLE orders AS SELECT n AS id, 'EMEA' AS region FROM generate_series(1, 5000) n")
        owner.execute(f"GRANT SELECT ON orders TO {NAME}")
    house.tell_secret("orders-db", PASSWORD)
    table = TableGrant(
        relation="orders",
        operations=frozenset({Operation.SELECT}),
        columns=(ColumnGrant(name="id"), ColumnGrant(name="region")),
        rows=(RowCondition(column="region", equals_attribute="region"),),
    )
    connection = DatabaseConnection(
        kind="postgresql",
        host=str(postgres.socket_directory),
        port=postgres.tcp_port or 5432,
        database=NAME,
        user=NAME,
        secret="orders-db",
    )
    grant = DataGrant(integration="orders-db", tables=(table,))
    return IntegrationState(name="orders", resource="orders-db", connection=connection, grant=grant, roles={})


async def follow(company: Company, house: PlaneHouse, app: AppState) -> None:
    """Do what a plane's link does with the control plane's stream; the app that is served is the test's own."""
    ring = Keyring.of([company.control.planes.welcome("production").downlink_key])
    stream: AsyncIterator[bytes] = company.control.hub.frames("production")
    async for line in stream:
        message = decode_downlink(open_envelope(read_envelope(line), ring, STATE_TYPE))
        if isinstance(message, DesiredState):
            message = message.model_copy(update={"apps": (app,)})
        await house.plane._take(message)


def at_work(postgres: EmbeddedPostgres) -> int:
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as owner:
        query = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND state = 'active'"
        row = owner.execute(query, [NAME]).fetchone()
    return row[0] if row else 0


@pytest.mark.req("ID3", "RT5")
async def test_request_statement_and_session_end_with_the_scim_call(
    directory: Directory, company: Company, house: PlaneHouse, orders: IntegrationState, postgres: EmbeddedPostgres
) -> None:
    made = await directory.user(USER_EMAIL)
    session = company.control.identity.sign_in(claims(USER_EMAIL, region="EMEA"))
    epoch = company.control.identity.authenticate_session(session.secret).identity.epoch
    app = house.release({"app.py": SLOW}, manifest=MANIFEST + USES, integrations=(orders,))
    company.control.hub.attach(asyncio.get_running_loop())
    await house.serve(app)
    following = asyncio.create_task(follow(company, house, app))
    await house.until_status("running", state=app)
    assert (await house.get("/", epoch=epoch)).text == "done"
    other = asyncio.create_task(house.get("/slow", epoch=epoch))
    await house.until(lambda: at_work(postgres) == 1)
    began = time.monotonic()
    answer = await directory.patch(f"/Users/{made['id']}", {"op": "Replace", "path": "active", "value": "False"})
    assert answer.status_code == 204
    cut = await other
    await house.until(lambda: at_work(postgres) == 0, seconds=5)
    assert time.monotonic() - began < 5
    assert cut.status_code == 401
    assert "withdrawn" in cut.text
    assert (await house.get("/", epoch=epoch)).status_code == 401
    with pytest.raises(CredentialRefusedError):
        company.control.identity.authenticate_session(session.secret)
    following.cancel()


@pytest.mark.req("ID3")
async def test_others_go_on_when_somebody_leaves(
    directory: Directory, company: Company, house: PlaneHouse, orders: IntegrationState, postgres: EmbeddedPostgres
) -> None:
    app = house.release({"app.py": SLOW}, manifest=MANIFEST + USES, integrations=(orders,))
    await house.until_running(app)
    asked = asyncio.create_task(house.get("/slow"))
    await house.until(lambda: at_work(postgres) == 1)
    house.version += 1
    state = house.desired(app)
    await house.plane._take(state.model_copy(update={"epochs": {"user:ann@example.com": 7}}))
    assert at_work(postgres) == 1
    assert not asked.done()
    house.version += 1
    await house.plane._take(house.desired(app).model_copy(update={"epochs": {f"user:{USER_EMAIL}": 1}}))
    assert (await asked).status_code == 401

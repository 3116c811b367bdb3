"""A session moves to the account that followed its own, between two transactions, and the app notices nothing."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import asyncpg
import psycopg
import pytest
from psycopg import sql

from bailiwick.core.clock import utc_now
from bailiwick.core.errors import UnavailableError
from bailiwick.core.policy import Decision
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.sql import Connection, Database, Pool, SqlGateway, SqlListener
from bailiwick.store.embedded import EmbeddedPostgres
from tests.dataplane.gateways.test_sql_gateway import BINDING, EMEA, PASSWORD, orders, resolve

__all__ = ["orders"]
pytestmark = pytest.mark.req("SE2", "IN4")


@dataclass
class Moving:
    """A gateway whose account is followed by another one when `follow` is called."""

    postgres: EmbeddedPostgres
    target: Database
    port: int = 0
    refuses: bool = False
    opened: int = 0

    @property
    def url(self) -> str:
        return f"postgresql://app@127.0.0.1:{self.port}/orders"

    async def connect(self, binding: Binding) -> Connection:
        if self.refuses:
            raise UnavailableError("the database does not answer")
        self.opened += 1
        return await self.pool.connect(self.target, binding.app)

    def follow(self) -> None:
        """Have the next account followed from here on, and end the one before, as its lease would."""
        name = f"mover_{self.target.version + 1}"
        self._run("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE orders_app", name, PASSWORD)
        self.target = replace(self.target, user=name, version=self.target.version + 1)

    def end(self, version: int) -> None:
        self._run("DROP ROLE IF EXISTS {}", f"mover_{version}")

    def _run(self, statement: str, name: str, *values: str) -> None:
        with psycopg.connect(self.postgres.url("gateway_orders"), autocommit=True) as owner:
            owner.execute(sql.SQL(statement).format(sql.Identifier(name), *map(sql.Literal, values)))  # type: ignore[arg-type]

    def users(self) -> list[str]:
        """Return as whom the gateway is signed in now."""
        with psycopg.connect(self.postgres.url("gateway_orders")) as owner:
            found = owner.execute("SELECT usename FROM pg_stat_activity WHERE usename LIKE 'mover%' ORDER BY usename")
            return [row[0] for row in found]

    def __post_init__(self) -> None:
        self.pool = Pool()


@pytest.fixture
async def moving(orders: EmbeddedPostgres) -> AsyncIterator[Moving]:
    where = (str(orders.socket_directory), orders.tcp_port or 5432, "gateway_orders", "nobody", PASSWORD)
    made = Moving(orders, Database(*where, secret="orders-login", version=0))
    made.follow()
    listener = socket.create_server(("127.0.0.1", 0))
    made.port = listener.getsockname()[1]
    gateway = SqlGateway(made.connect, resolve, lambda *_: Decision(True, "granted"), lambda _: None, utc_now)
    gateway.followed = lambda target: target.version < made.target.version
    served = SqlListener(gateway, BINDING)
    await served.start(listener)
    yield made
    served.close()
    made.pool.close()
    await asyncio.sleep(0)
    with psycopg.connect(orders.url("gateway_orders"), autocommit=True) as owner:
        owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'mover%'")
    for version in range(1, made.target.version + 1):
        made.end(version)


async def test_an_idle_session_moves_with_its_prepared_statements_and_settings(moving: Moving) -> None:
    asked = f"SELECT id FROM orders WHERE amount > %s ORDER BY id {EMEA}"
    async with await psycopg.AsyncConnection.connect(moving.url, autocommit=True, prepare_threshold=0) as connection:
        await connection.execute("SET TIME ZONE 'Asia/Tokyo'")
        before = await (await connection.execute(asked, [100])).fetchall()
        assert moving.users() == ["mover_1"]
        for version in (1, 2, 3):
            moving.follow()
            assert await (await connection.execute(asked, [100])).fetchall() == before
            assert moving.users() == [f"mover_{version + 1}"]
            moving.end(version)
            assert await (await connection.execute(asked, [100])).fetchall() == before
            zone = await (await connection.execute("SHOW timezone")).fetchone()
            assert zone == ("Asia/Tokyo",)
            assert moving.opened <= moving.target.version, "a session moves once for each account"
    assert before


async def test_asyncpgs_named_statements_go_on(moving: Moving) -> None:
    connection = await asyncpg.connect(moving.url, ssl=False)
    statement = await connection.prepare(f"SELECT count(*) FROM orders WHERE id > $1 {EMEA}")
    assert await statement.fetchval(0) == 20
    moving.follow()
    assert await statement.fetchval(0) == 20
    moving.end(1)
    assert await statement.fetchval(10) == 15
    assert moving.users() == ["mover_2"]
    other = await connection.prepare(f"SELECT max(id) FROM orders WHERE id > $1 {EMEA}")
    assert await other.fetchval(0) == await other.fetchval(0)
    await connection.close()


async def test_a_transaction_and_a_cursor_stay_where_they_began(moving: Moving) -> None:
    async with await psycopg.AsyncConnection.connect(moving.url, autocommit=True) as connection:
        async with connection.transaction():
            await connection.execute(f"SELECT max(id) FROM orders {EMEA}")
            moving.follow()
            await connection.execute(f"SELECT 1 FROM orders {EMEA}")
            assert moving.users() == ["mover_1"]
        await connection.execute(f"SELECT 1 FROM orders {EMEA}")
        assert moving.users() == ["mover_2"]
        await connection.execute(f"DECLARE kept CURSOR WITH HOLD FOR SELECT id FROM orders ORDER BY id {EMEA}")
        moving.follow()
        first = await (await connection.execute(f"FETCH 1 FROM kept {EMEA}")).fetchall()
        assert moving.users() == ["mover_2"]
        assert len(first) == 1


async def test_what_cannot_be_had_elsewhere_keeps_the_session_and_no_query_fails(moving: Moving) -> None:
    async with await psycopg.AsyncConnection.connect(moving.url) as connection:
        # It is not known whether a setting within a transaction holds.
        await connection.execute("SET application_name = 'mine'")
        await connection.commit()
        moving.follow()
        await connection.execute(f"SELECT 1 FROM orders {EMEA}")
        await connection.commit()
        assert moving.users() == ["mover_1"]
    async with await psycopg.AsyncConnection.connect(moving.url, autocommit=True) as connection:
        assert moving.users()[-1] == "mover_2"
        moving.follow()
        moving.refuses = True
        for _ in range(3):
            assert await (await connection.execute(f"SELECT count(*) FROM orders {EMEA}")).fetchone() == (20,)
        assert moving.users()[-1] == "mover_2"


async def test_a_message_that_is_not_over_is_answered_where_it_began(moving: Moving) -> None:
    async with await psycopg.AsyncConnection.connect(moving.url, autocommit=True) as connection:
        async with connection.pipeline() as pipeline:
            cursor = await connection.execute(f"SELECT count(*) FROM orders {EMEA}")
            await pipeline.sync()
            moving.follow()
            later = await connection.execute(f"SELECT max(id) FROM orders {EMEA}")
        assert await cursor.fetchone() == (20,)
        assert await later.fetchone() == (40,)

"""Functions of a database that its administrators allowed: called as they were allowed, and no others of their name."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace

import psycopg
import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.messages import DesiredState
from bailiwick.core.policy import Decision
from bailiwick.core.sql_functions import AllowedFunction, read_functions
from bailiwick.dataplane.gateways.sql import (
    AddedFunctions,
    Binding,
    Connection,
    Database,
    SqlGateway,
    SqlListener,
    as_they_are,
    connect,
)
from bailiwick.store.embedded import EmbeddedPostgres
from tests.fixtures.shop import BINDING, real

pytestmark = pytest.mark.req("IN7")
TEXT = """
risk.score(int, numeric)
risk.words(text[])   # of several
risk.clock() volatile
risk.owners(text) definer
risk.unsaid()
risk.unsaid_owner(text)
risk.missing(int)
risk.rows_of(int)
"""


@dataclass
class Door:
    url: str
    state: DesiredState
    added: AddedFunctions

    def allow(self, text: str) -> None:
        self.state = self.state.model_copy(update={"sql_functions": {"shop-db": read_functions(text)}})

    async def ask(self, sql: str, *parameters: object) -> list[tuple[object, ...]]:
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            return await (await connection.execute(sql, parameters or None)).fetchall()  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def risky(shop_database: EmbeddedPostgres) -> Iterator[Database]:
    with psycopg.connect(shop_database.url("gateway_shop"), autocommit=True) as owner:
        owner.execute(
            """CREATE SCHEMA risk; GRANT USAGE ON SCHEMA risk TO shop_app;
            CREATE FUNCTION risk.score(int, numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT $1 * $2';
            CREATE FUNCTION risk.score(text, text) RETURNS text IMMUTABLE LANGUAGE sql AS $$SELECT 'CANARY'$$;
            CREATE FUNCTION risk.score(int) RETURNS text IMMUTABLE LANGUAGE sql AS $$SELECT 'CANARY'$$;
            CREATE FUNCTION risk.words(text[]) RETURNS text STABLE LANGUAGE sql AS $$SELECT array_to_string($1, '+')$$;
            CREATE FUNCTION risk.clock() RETURNS int VOLATILE LANGUAGE sql AS 'SELECT 7';
            CREATE FUNCTION risk.owners(text) RETURNS text STABLE SECURITY DEFINER LANGUAGE sql AS 'SELECT $1';
            CREATE FUNCTION risk.unsaid() RETURNS int VOLATILE LANGUAGE sql AS 'SELECT 7';
            CREATE FUNCTION risk.unsaid_owner(text) RETURNS text STABLE SECURITY DEFINER LANGUAGE sql AS 'SELECT $1';
            CREATE FUNCTION risk.rows_of(int) RETURNS SETOF int STABLE LANGUAGE sql AS 'SELECT 1'"""
        )
    yield real(shop_database)
    with psycopg.connect(shop_database.url("gateway_shop"), autocommit=True) as owner:
        owner.execute("DROP SCHEMA risk CASCADE")


@pytest.fixture
async def door(risky: Database) -> AsyncIterator[Door]:
    state = DesiredState(version=1, plane="production", time=utc_now(), sign_in_url="", apps=(), epochs={})
    made = Door("", state, AddedFunctions(lambda: made.state))

    async def open_connection(binding: Binding) -> Connection:
        connection = await connect(risky, binding.app)
        await made.added.look(binding.resource, connection)
        return connection

    gateway = SqlGateway(
        open_connection, lambda _: None, lambda *_: Decision(True, ""), lambda _: None, utc_now,
        functions=lambda binding: made.added.of(binding.resource),
    )  # fmt: skip
    listener = socket.create_server(("127.0.0.1", 0))
    made.url = f"postgresql://app@127.0.0.1:{listener.getsockname()[1]}/shop"
    grant = BINDING.grant.model_copy(update={"tables": BINDING.grant.tables[1:]})
    served = SqlListener(gateway, replace(BINDING, grant=grant))
    await served.start(listener)
    yield made
    served.close()
    await asyncio.sleep(0)


async def test_what_was_allowed_is_called_with_the_types_that_were_allowed(door: Door) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"risk\.score is not passed on"):
        await door.ask("SELECT risk.score(2, 1.5)")
    door.allow(TEXT)
    assert await door.ask(
        "SELECT risk.score(2, 1.5) = 3, risk.words(ARRAY['a', 'b']), risk.clock(), risk.owners('x')"
    ) == [(True, "a+b", 7, "x")]
    assert await door.ask("SELECT risk.score(amount::int, 2) FROM refunds WHERE risk.score(id, 1) = %s", 1)
    # Another function of that name is never meant, whatever the arguments are.
    assert await door.ask("SELECT risk.score('2', '1.5')") == await door.ask("SELECT risk.score(2, 1.5)")
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        await door.ask("SELECT risk.score('a'::text, 'b'::text)")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT risk.score(1)",
        "SELECT score(1, 2)",
        "SELECT risk.unsaid()",
        "SELECT risk.unsaid_owner('x')",
        "SELECT risk.missing(1)",
        "SELECT risk.rows_of(1)",
        "SELECT * FROM risk.rows_of(1)",
        "SELECT risk.score(a => 1, b => 2)",
        "SELECT risk.words(VARIADIC ARRAY['a'])",
        "SELECT risk.clock() OVER ()",
        "SELECT risk.score(DISTINCT 1, 2)",
        "SELECT shop.risk.score(1, 2)",
        "SELECT (1).score",
        "SELECT risk.owners((SELECT current_setting('data_directory')))",
        "SELECT risk.owners((SELECT min(amount::text) FROM payroll.salaries))",
        "SELECT risk.score(1, (SELECT risk.score(1)::numeric))",
    ],
)
async def test_anything_else_is_refused(door: Door, statement: str) -> None:
    door.allow(TEXT)
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.SyntaxError)):
        await door.ask(statement)


async def test_what_is_taken_back_is_gone_for_sessions_that_are_open_too(door: Door) -> None:
    door.allow("risk.clock() volatile")
    async with await psycopg.AsyncConnection.connect(door.url, autocommit=True) as connection:
        assert await (await connection.execute("SELECT risk.clock()")).fetchone() == (7,)
        door.allow("risk.score(int, numeric)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("SELECT risk.clock()")
        door.allow("risk.clock() volatile")
        await door.ask("SELECT 1")
        assert await (await connection.execute("SELECT risk.clock()")).fetchone() == (7,)


async def test_a_long_statement_may_call_them_too(door: Door) -> None:
    door.allow(TEXT)
    words = ", ".join(f"'{number}'" for number in range(1000))
    assert await door.ask(f"SELECT risk.clock() WHERE '7' IN ({words})") == [(7,)]


async def test_what_the_database_marks_otherwise_than_was_said_is_left_out(risky: Database) -> None:
    connection = await connect(risky, "test")
    found = await as_they_are(connection, read_functions(TEXT))
    connection.close()
    assert [item.words for item in found] == [
        "risk.clock() volatile", "risk.owners(text) definer", "risk.score(int4, numeric)", "risk.words(text[])",
    ]  # fmt: skip
    assert AllowedFunction(namespace="risk", name="score", arguments=("int4", "numeric")) in found

"""Limits of a database: statements at once, rates, time and size, told in PostgreSQL's own codes; and its faults."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import psycopg
import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.errors import UnavailableError
from bailiwick.core.events import AuditEvent
from bailiwick.core.grants import ColumnGrant, DataGrant, Operation, TableGrant
from bailiwick.core.messages import IntegrationLimits, LimitsReport
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.dataplane.gateways.limits import Gates
from bailiwick.dataplane.gateways.sql import Binding, Connection, Database, SqlGateway, SqlListener, connect
from bailiwick.store.embedded import EmbeddedPostgres

pytestmark = pytest.mark.req("IN9", "IN8")
GRANT = DataGrant(
    integration="stock-db",
    tables=(
        TableGrant(
            relation="parts", operations=frozenset({Operation.SELECT}),
            columns=(ColumnGrant(name="id"), ColumnGrant(name="body")),
        ),
    ),
)  # fmt: skip
BINDING = Binding("team/stock", "rel_1", "default", "production", "stock-db", GRANT, {})
TRACE = "d" * 32
ANN = f"/*traceparent='00-{TRACE}-{'1' * 16}-01'*/"
# Long enough to be under way while others ask.
SLOW = "SELECT count(*) FROM parts a, parts b, parts c WHERE a.id + b.id + c.id > 0 AND c.id < 20"


@dataclass
class Door:
    port: int = 0
    limits: IntegrationLimits = field(default_factory=IntegrationLimits)
    events: list[AuditEvent] = field(default_factory=list)
    reports: list[LimitsReport] = field(default_factory=list)
    fails: str = ""
    tries: int = 0
    upstreams: list[Connection] = field(default_factory=list)
    gates: Gates = field(init=False)

    def limit(self, **limits: object) -> None:
        self.limits = IntegrationLimits.model_validate(limits)

    async def until_under_way(self) -> None:
        """Return once a statement has a place."""
        async with asyncio.timeout(30):
            while not self.gates.of(BINDING)._places._taken:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.01)

    async def open(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        url = f"postgresql://app@127.0.0.1:{self.port}/stock"
        return await psycopg.AsyncConnection.connect(url, autocommit=True)


@pytest.fixture(scope="module")
def stock(postgres: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    postgres.create_database("gateway_stock")
    postgres.create_role("stock_app", "secret")
    with psycopg.connect(postgres.url("gateway_stock"), autocommit=True) as owner:
        owner.execute(
            """CREATE TABLE parts (id int, body text);
            INSERT INTO parts SELECT n, repeat('x', 1000) FROM generate_series(1, 400) n;
            GRANT SELECT ON parts TO stock_app"""
        )
    yield postgres


@pytest.fixture
async def door(stock: EmbeddedPostgres) -> AsyncIterator[Door]:
    target = Database(str(stock.socket_directory), stock.tcp_port or 5432, "gateway_stock", "stock_app", "secret")
    made = Door()

    async def open_connection(binding: Binding) -> Connection:
        made.tries += 1
        if made.fails:
            raise UnavailableError(made.fails)
        made.upstreams.append(await connect(target, binding.app, made.limits.statement_seconds))
        return made.upstreams[-1]

    listener = socket.create_server(("127.0.0.1", 0))
    made.port = listener.getsockname()[1]
    ann = Identity(Principal("user", "ann@example.com"), frozenset())
    made.gates = Gates(
        limits=lambda _: made.limits, state=lambda: made.limits, emit=made.events.append,
        report=made.reports.append, clock=utc_now,
    )  # fmt: skip
    gateway = SqlGateway(
        open_connection, {TRACE: Call(ann, "team/stock", "rel_1", TRACE)}.get, lambda *_: Decision(True, ""),
        made.events.append, utc_now, gates=made.gates,
    )  # fmt: skip
    served = SqlListener(gateway, BINDING)
    await served.start(listener)
    yield made
    served.close()


async def test_statements_over_a_rate_get_the_code_of_a_configured_limit_and_the_transaction_fails(door: Door) -> None:
    door.limit(app={"rate": {"calls": 3, "seconds": 3600, "burst": 3}}, wait_seconds=0)
    async with await door.open() as connection:
        for _ in range(2):
            await connection.execute("SELECT id FROM parts WHERE id = 1")
        await connection.execute("BEGIN")
        await connection.execute("SELECT id FROM parts WHERE id = 1")
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded, match="rate of 3/h is used up"):
            await connection.execute("SELECT id FROM parts WHERE id = 2")
        assert connection.info.transaction_status is psycopg.pq.TransactionStatus.INERROR
        await connection.execute("ROLLBACK")
    door.gates.tell()
    (report,) = door.reports
    assert (report.integration, report.calls) == ("stock-db", 3)
    assert report.refused == {"rate": 1}
    assert [event.app for event in door.events if event.action == "calls.limited"] == ["team/stock"]


async def test_statements_at_once_wait_and_then_get_the_code_of_too_many(door: Door) -> None:
    door.limit(app={"at_once": 1}, wait_seconds=0.1)
    first, second = await door.open(), await door.open()
    async with first, second:
        slow = asyncio.create_task(first.execute(SLOW))
        await door.until_under_way()
        with pytest.raises(psycopg.errors.TooManyConnections, match="1 calls at once are under way"):
            await second.execute(f"{ANN} SELECT id FROM parts WHERE id = 1")
        await second.execute("BEGIN")
        await second.execute("COMMIT")
        await slow
        await second.execute("SELECT id FROM parts WHERE id = 1")
        door.limit(app={"at_once": 1}, wait_seconds=30)
        together = [asyncio.create_task(one.execute(SLOW)) for one in (first, second)]
        assert [await (await task).fetchone() for task in together]


async def test_pipelines_and_prepared_statements_count_what_they_execute(door: Door) -> None:
    door.limit(app={"rate": {"calls": 4, "seconds": 3600, "burst": 4}, "at_once": 1}, wait_seconds=0)
    async with await door.open() as connection:
        async with connection.pipeline():
            for number in range(3):
                await connection.execute("SELECT id FROM parts WHERE id = %s", (number,), prepare=True)
        await connection.execute("SELECT id FROM parts WHERE id = %s", (9,), prepare=True)
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
            await connection.execute("SELECT id FROM parts WHERE id = %s", (9,), prepare=True)


async def test_a_statement_that_takes_too_long_or_brings_too_much_is_ended(door: Door) -> None:
    door.limit(statement_seconds=0.2)
    async with await door.open() as connection:
        with pytest.raises(psycopg.errors.QueryCanceled):
            await connection.execute(SLOW.replace("FROM parts a", "FROM parts a, parts d"))
        await connection.execute("SELECT id FROM parts WHERE id = 1")
    door.limit(most_rows_bytes=100_000)
    connection = await door.open()
    await connection.execute("SELECT body FROM parts WHERE id < 50")
    with pytest.raises(psycopg.OperationalError, match="larger than 100000 bytes"):
        await connection.execute("SELECT body FROM parts")
    assert connection.closed
    async with await door.open() as again:
        await again.execute("SELECT id FROM parts WHERE id = 1")


async def test_an_answer_that_is_broken_off_within_a_long_row_still_says_why(door: Door) -> None:
    door.limit(most_rows_bytes=4_000_000)
    connection = await door.open()
    with pytest.raises(psycopg.OperationalError, match="larger than 4000000 bytes"):
        await connection.execute("SELECT repeat('x', 3000000) FROM parts LIMIT 3")
    assert connection.closed
    (event,) = [event for event in door.events if event.action == "query.executed"]
    assert 0 < int(str(event.context["bytes"])) <= 4_000_000


async def test_an_app_cannot_give_its_statements_more_time_than_the_integration_has(door: Door) -> None:
    door.limit(statement_seconds=2)
    async with await door.open() as connection:
        told = []
        for text in (
            "SET statement_timeout = '20s'",
            "SET statement_timeout = '1500ms'",
            "BEGIN; SET LOCAL statement_timeout = 29000",
            "COMMIT; SET SESSION statement_timeout TO '0.25min'",
            "RESET statement_timeout",
        ):
            await connection.execute(text.encode())
            told.append(await (await connection.execute("SHOW statement_timeout")).fetchone())
        assert told == [("2s",), ("1500ms",), ("2s",), ("2s",), ("2s",)]
        with pytest.raises(psycopg.Error, match="30 seconds at most"):
            await connection.execute("SET statement_timeout = '31s'")
        # What is remembered of a statement is not what was allowed then.
        door.limit(statement_seconds=25)
        await connection.execute("SET statement_timeout = '20s'")
        assert await (await connection.execute("SHOW statement_timeout")).fetchone() == ("20s",)


async def test_a_database_that_is_gone_is_left_alone_until_it_answers(door: Door) -> None:
    door.limit(breaker={"failures": 2, "open_seconds": 0.3})
    door.fails = "the database stock does not answer"
    for _ in range(5):
        with pytest.raises(psycopg.OperationalError, match="does not answer"):
            await door.open()
    assert door.tries == 2, "it is not asked while it is left alone"
    assert [event.action for event in door.events] == ["breaker.opened"]
    door.fails = ""
    async with asyncio.timeout(30):
        while True:
            try:
                async with await door.open() as connection:
                    await connection.execute("SELECT id FROM parts WHERE id = 1")
                break
            except psycopg.OperationalError:
                await asyncio.sleep(0.05)
    assert [event.action for event in door.events if "breaker" in event.action] == ["breaker.opened", "breaker.closed"]


async def test_a_database_that_breaks_off_is_told_of(door: Door) -> None:
    door.limit(statement_seconds=3)
    async with await door.open() as connection:
        slow = asyncio.create_task(connection.execute(SLOW.replace("FROM parts a", "FROM parts a, parts d")))
        await door.until_under_way()
        door.upstreams[0].close()
        with pytest.raises(psycopg.OperationalError, match="the database ended the connection"):
            await slow
    assert not door.gates.of(BINDING)._places._taken

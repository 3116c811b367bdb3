"""The same data in PostgreSQL and in each translated database, each behind a socket of its own with the same grant."""

import asyncio
import contextlib
import socket
import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import psycopg
import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.events import AuditEvent
from bailiwick.core.grants import ColumnGrant, DataGrant, Mask, Operation, RowCondition, TableGrant
from bailiwick.core.messages import SecretValue
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.dataplane.gateways.sql import Binding, Connection, Database, SqlGateway, SqlListener, connect
from bailiwick.dataplane.gateways.sql.engines import (
    Backend,
    BigQueryEngine,
    BigQueryTarget,
    DatabaseFile,
    FileEngine,
    MysqlEngine,
    MysqlTarget,
    RestClient,
    SnowflakeEngine,
    SnowflakeTarget,
)
from bailiwick.dataplane.gateways.upstreams import Upstreams
from bailiwick.store.embedded import EmbeddedPostgres
from tests.fixtures.bigquery import DATASET, LOCATION, PROJECT, BigQuery, bigquery
from tests.fixtures.google import account_key
from tests.fixtures.mariadb import MariaDb
from tests.fixtures.snowflake import Snowflake, snowflake

PASSWORD = "the-real-credential"
SCOPE = "https://www.googleapis.com/auth/bigquery"
OWN_REGION = (RowCondition(column="region", equals_attribute="region"),)
GRANT = DataGrant(
    integration="orders-db",
    tables=(
        TableGrant(
            relation="orders",
            operations=frozenset({Operation.SELECT}),
            columns=(
                *(
                    ColumnGrant(name=name)
                    for name in ("id", "region", "item", "amount", "price", "day", "placed", "paid")
                ),
                ColumnGrant(name="email", mask=Mask.EMAIL),
                ColumnGrant(name="card", mask=Mask.LAST4),
            ),
            rows=OWN_REGION,
        ),
        TableGrant(
            relation="refunds",
            operations=frozenset(Operation),
            columns=tuple(ColumnGrant(name=name, writable=True) for name in ("id", "order_id", "region", "note")),
            rows=OWN_REGION,
        ),
        TableGrant(
            relation="items",
            operations=frozenset({Operation.SELECT}),
            columns=tuple(ColumnGrant(name=name) for name in ("item", "weight")),
        ),
    ),
)
BINDING = Binding("finance/desk", "rel_1", "default", "production", "orders-db", GRANT, {})
TRACES = {"a" * 32: ("emea", "finance/desk"), "b" * 32: ("apac", "finance/desk")}
EMEA, APAC = (f"/*traceparent='00-{trace}-{'1' * 16}-01'*/ " for trace in TRACES)
CREATE = (
    "CREATE TABLE orders (id integer PRIMARY KEY, region {text}, item {text}, amount integer, price decimal(12,2),"
    " day date, placed {moment}, paid boolean, email {text}, card {text}, secret {text})",
    "CREATE TABLE refunds (id integer PRIMARY KEY, order_id integer, region {text}, note {text})",
    "CREATE TABLE items (item {text}, weight double precision)",
    "CREATE TABLE salaries (name {text}, salary integer)",
)


def rows() -> list[tuple[object, ...]]:
    """Return the orders; those of another region hold what would make a computation fail or give itself away."""
    made: list[tuple[object, ...]] = []
    for number in range(1, 61):
        emea = number % 2 == 1
        item = None if number % 7 == 0 else ("Äpfel", "pear", "Pear", "o'neil", "100%", "back\\slash")[number % 6]
        made.append(
            (
                number, "EMEA" if emea else ("APAC" if number % 4 else "emea"), item, (number * 37) % 11 - 3,
                f"{number * 1.25:.2f}", f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}",
                f"2024-03-{number % 28 + 1:02} 10:{number % 60:02}:00", number % 3 == 0,
                f"p{number}@mail.example", f"41112222333{number:05}", f"secret-{number}",
            )
        )  # fmt: skip
    return made


# Takes longer than anybody waits, and is nothing that a database can know before.
SLOW = (
    "SELECT count(*) FROM orders a, orders b, orders c, orders d, orders e, orders f"
    " WHERE a.id + b.id + c.id + d.id * e.id - f.id = 7"
)
REFUNDS = [(1, 1, "EMEA", "late"), (2, 2, "APAC", "broken"), (3, 3, "EMEA", None), (4, 5, "EMEA", "Late")]
ITEMS = [("Äpfel", 1.5), ("pear", 0.25), ("100%", 3.0), ("none", None)]


def resolve(trace: str) -> Call | None:
    if trace not in TRACES:
        return None
    region, app = TRACES[trace]
    name = f"{region}@example.com"
    return Call(
        Identity(Principal("user", name), frozenset({f"user:{name}"}), {"region": region.upper()}), app, "rel_1", trace
    )


@dataclass
class Door:
    url: str
    gateway: SqlGateway
    events: list[AuditEvent] = field(default_factory=list)
    dialect: str = "postgresql"

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[psycopg.AsyncConnection]:
        """Open a connection on which each statement stands for itself."""
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            yield connection

    async def ask(self, sql: str, *parameters: object, **options: object) -> list[tuple[object, ...]]:
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            cursor = await connection.execute(sql, parameters or None, **options)  # type: ignore[arg-type]
            return await cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="session")
def postgres_orders(postgres: EmbeddedPostgres) -> Iterator[Database]:
    postgres.create_database("engine_orders")
    postgres.create_role("engine_app", PASSWORD)
    with psycopg.connect(postgres.url("engine_orders"), autocommit=True) as owner:
        fill(owner.execute, owner.execute, "%s", text='text COLLATE "C"')
        owner.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO engine_app")
    yield Database(str(postgres.socket_directory), postgres.tcp_port or 5432, "engine_orders", "engine_app", PASSWORD)


def fill(execute, insert, mark: str, *, text: str = "text", moment: str = "timestamp") -> None:
    for statement in CREATE:
        execute(statement.format(text=text, moment=moment))
    for table, values in (("orders", rows()), ("refunds", REFUNDS), ("items", ITEMS), ("salaries", [("Ann", 9)])):
        for row in values:
            insert(f"INSERT INTO {table} VALUES ({', '.join([mark] * len(row))})", row)


@pytest.fixture
def sqlite_path(tmp_path: Path) -> Path:
    path = tmp_path / "orders.sqlite"
    with sqlite3.connect(path) as owner:
        # What a schema declares must not decide what is equal.
        fill(owner.execute, owner.execute, "?", text="text COLLATE NOCASE")
    owner.close()
    return path


@pytest.fixture
def duckdb_path(tmp_path: Path) -> Path:
    path = tmp_path / "orders.duckdb"
    with duckdb.connect(str(path)) as owner:
        fill(owner.execute, owner.execute, "?", text="text COLLATE NOCASE")
    return path


async def opened(binding: Binding = BINDING, backend: Backend | None = None, target: Database | None = None) -> Door:
    """Return a door to a translated database, or to PostgreSQL."""

    async def open_connection(binding: Binding) -> Connection:
        assert target is not None
        return await connect(target, binding.app)

    listener = socket.create_server(("127.0.0.1", 0))
    events: list[AuditEvent] = []
    gateway = SqlGateway(open_connection, resolve, lambda *_: Decision(True, "granted"), events.append, utc_now)
    door = Door(f"postgresql://app@127.0.0.1:{listener.getsockname()[1]}/orders", gateway, events)
    gateway.translated = lambda _: backend
    served = SqlListener(gateway, binding)
    await served.start(listener)
    door.close = served.close  # type: ignore[attr-defined]
    return door


def file_backend(dialect: str, path: Path, *, grant: DataGrant = GRANT, writable: bool = True) -> Backend:
    return Backend(FileEngine(DatabaseFile(dialect, str(path), (path.parent,), writable)), grant)  # type: ignore[arg-type]


@pytest.fixture
def mysql_target(mariadb: MariaDb) -> MysqlTarget:
    name = mariadb.database("engine_app", PASSWORD)
    statements: list[str] = []
    fill(
        statements.append, lambda sql, row: statements.append(sql % tuple(map(_mysql_text, row))), "%s",
        text="varchar(200)", moment="datetime",
    )  # fmt: skip
    mariadb.run(";\n".join(statements), name)

    async def secret() -> SecretValue:
        return SecretValue(name="shop-password", value=PASSWORD)

    return MysqlTarget("localhost", mariadb.port, name, "engine_app", secret, True, mariadb.authority)


def _mysql_text(value: object) -> str:
    if isinstance(value, str):
        return f"CONVERT(X'{value.encode().hex()}' USING utf8mb4)"
    return "NULL" if value is None else str(value)


@pytest.fixture(params=["sqlite", "duckdb", "mysql"])
async def door(request: pytest.FixtureRequest) -> AsyncIterator[Door]:
    if request.param == "mysql":
        backend = Backend(MysqlEngine(request.getfixturevalue("mysql_target")), GRANT)
    else:
        backend = file_backend(request.param, request.getfixturevalue(f"{request.param}_path"))
    made = await opened(backend=backend)
    made.dialect = request.param
    yield made
    made.close()  # type: ignore[attr-defined]
    await asyncio.sleep(0)
    if isinstance(backend.engine, FileEngine):
        backend.engine.close()


@pytest.fixture
async def postgres_door(postgres_orders: Database) -> AsyncIterator[Door]:
    made = await opened(target=postgres_orders)
    yield made
    made.close()  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def bigquery_server() -> Iterator[BigQuery]:
    with bigquery() as made:
        database = made.jobs.database
        fill(database.execute, database.execute, "?")
        yield made


@pytest.fixture(scope="session")
def snowflake_server() -> Iterator[Snowflake]:
    with snowflake() as made:
        database = made.jobs.database
        fill(database.execute, database.execute, "?")
        yield made


def bigquery_backend(
    server: BigQuery,
    upstreams: Upstreams,
    *,
    most_bytes: int = 0,
    location: str = LOCATION,
    grant: DataGrant = GRANT,
) -> Backend:
    async def token(refused: str) -> str:
        if refused or not any(SCOPE in token.scopes for token in server.tokens.values()):
            return server.token(SCOPE)
        return next(iter(server.tokens))

    target = BigQueryTarget(PROJECT, DATASET, location, most_bytes, token)
    return Backend(BigQueryEngine(target, RestClient(upstreams, server.url)), grant)


def snowflake_backend(server: Snowflake, upstreams: Upstreams, *, key: str = "", grant: DataGrant = GRANT) -> Backend:
    async def secret() -> str:
        return key or account_key()

    target = SnowflakeTarget("myorg-shop", "bailiwick", "SHOP", "PUBLIC", "WH", "", "snow-key", secret)
    return Backend(SnowflakeEngine(target, RestClient(upstreams, server.url)), grant)


DIALECTS = ("sqlite", "duckdb", "mysql", "bigquery", "snowflake")


@pytest.fixture(params=DIALECTS)
async def reading_door(request: pytest.FixtureRequest) -> AsyncIterator[Door]:
    """Return a door to each translated database, warehouses among them, which are only read."""
    async with door_of(request, request.param) as made:
        yield made


@contextlib.asynccontextmanager
async def door_of(
    request: pytest.FixtureRequest, dialect: str, grant: DataGrant = GRANT, mask_key: str = ""
) -> AsyncIterator[Door]:
    """Open a door to a translated database under a grant, with the key of masks where one is needed."""
    upstreams = Upstreams()
    if dialect == "mysql":
        backend = Backend(MysqlEngine(request.getfixturevalue("mysql_target")), grant)
    elif dialect == "bigquery":
        backend = bigquery_backend(request.getfixturevalue("bigquery_server"), upstreams, grant=grant)
    elif dialect == "snowflake":
        backend = snowflake_backend(request.getfixturevalue("snowflake_server"), upstreams, grant=grant)
    else:
        backend = file_backend(dialect, request.getfixturevalue(f"{dialect}_path"), grant=grant)
    if mask_key:

        async def key() -> str:
            return mask_key

        backend.mask_key = key
    made = await opened(replace(BINDING, grant=grant), backend)
    made.dialect = dialect
    yield made
    made.close()  # type: ignore[attr-defined]
    await asyncio.sleep(0)
    upstreams.close()
    if isinstance(backend.engine, FileEngine):
        backend.engine.close()

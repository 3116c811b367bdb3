"""Rows of the last days only, and the log of which rows passed, on translated databases: as PostgreSQL has them."""

import sqlite3
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import duckdb
import psycopg
import pytest

from bailiwick.core.grants import ColumnGrant, DataGrant, RowCondition, RowLog
from bailiwick.core.row_log import UNTOLD, tokens
from bailiwick.dataplane.gateways.sql import Database
from tests.dataplane.gateways.engines.conftest import BINDING, DIALECTS, EMEA, GRANT, OWN_REGION, Door, door_of, opened
from tests.dataplane.gateways.engines.test_masks_and_ends import message
from tests.dataplane.gateways.sql.wire import wire
from tests.fixtures.mariadb import MariaDb

pytestmark = pytest.mark.req("IN7", "IN10")
KEY = bytes(range(32))
DAYS = 30
WRITTEN = ("sqlite", "duckdb", "mysql")


def recent(column: str = "day", days: int = DAYS) -> DataGrant:
    """Return a grant on orders of the last days only."""
    rows = (*OWN_REGION, RowCondition(column=column, within_days=days))
    return GRANT.model_copy(update={"tables": (GRANT.tables[0].model_copy(update={"rows": rows}), *GRANT.tables[1:])})


def logged(**changes: Any) -> DataGrant:
    log = RowLog.model_validate({"key": ["id"], **changes})
    tables = tuple(table.model_copy(update={"row_log": log}) for table in GRANT.tables[:2])
    return GRANT.model_copy(update={"tables": (*tables, *GRANT.tables[2:])})


def today() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)


def dated() -> list[tuple[int, str | None, str | None]]:
    """Return orders with their day and time: 1 and 3 are just in, 5 is just out, 7 has none, 9 is to come."""
    first = today() - timedelta(days=DAYS)
    return [
        (1, f"{first:%Y-%m-%d}", str(first)),
        (3, f"{today():%Y-%m-%d}", str(today())),
        (5, f"{first - timedelta(days=1):%Y-%m-%d}", str(first - timedelta(seconds=1))),
        (7, None, None),
        (9, f"{today() + timedelta(days=9):%Y-%m-%d}", str(today() + timedelta(days=9))),
    ]


SET = "UPDATE orders SET day = {}, placed = {} WHERE id = {}"


def date_orders(request: pytest.FixtureRequest, dialect: str) -> None:
    """Give some orders of EMEA a day near today; all others are of 2024."""
    if dialect in {"sqlite", "duckdb"}:
        owner: Any = {"sqlite": sqlite3, "duckdb": duckdb}[dialect].connect(
            str(request.getfixturevalue(f"{dialect}_path"))
        )
        for number, day, moment in dated():
            owner.execute(SET.format("?", "?", "?"), (day, moment, number))
        owner.commit()
        owner.close()
        return
    mariadb: MariaDb = request.getfixturevalue("mariadb")
    words = [
        SET.format(*(f"'{value}'" if value else "NULL" for value in (day, moment)), number)
        for number, day, moment in dated()
    ]
    mariadb.run(";\n".join(words), request.getfixturevalue("mysql_target").database)


def kept(door: Door) -> dict[str, set[str]]:
    """Return the keys that were audited, by table."""
    found: dict[str, set[str]] = {}
    for event in door.events:
        if event.action == "query.rows":
            keys = event.context["keys"]
            assert isinstance(keys, tuple)
            found.setdefault(str(event.context["rows_of"]), set()).update(map(str, keys))
    return found


@asynccontextmanager
async def log_door(request: pytest.FixtureRequest, dialect: str, **changes: Any) -> AsyncIterator[Door]:
    async with door_of(request, dialect, logged(**changes), KEY.hex()) as made:
        yield made


ROUND_ABOUT = (
    "SELECT id FROM orders",
    "SELECT o.id FROM orders AS o WHERE o.day IS NULL OR o.day < '2026-01-01' OR true",
    "SELECT id FROM (SELECT id, day AS d FROM orders) x WHERE d IS NULL OR d IS NOT NULL",
    "SELECT id FROM orders UNION SELECT id FROM orders WHERE day < '2030-01-01'",
    "SELECT b.id FROM items a JOIN orders b ON true",
    "SELECT b.id FROM items a LEFT JOIN orders b ON b.day < '2030-01-01'",
    "WITH orders AS (SELECT * FROM orders) SELECT id FROM orders",
    "SELECT id FROM orders WHERE id IN (SELECT id FROM orders WHERE day IS NULL) OR id > 0",
    "SELECT max(id) OVER (PARTITION BY id) FROM orders",
    "SELECT id FROM orders GROUP BY id HAVING count(*) > 0",
    "SELECT (SELECT o.id FROM orders o WHERE o.id = p.id LIMIT 1) FROM orders p",
)


@pytest.mark.parametrize("column", ["day", "placed"])
@pytest.mark.parametrize("dialect", WRITTEN)
async def test_only_rows_of_the_last_days_are_there_whatever_is_asked(
    request: pytest.FixtureRequest, dialect: str, column: str
) -> None:
    date_orders(request, dialect)
    async with door_of(request, dialect, recent(column)) as door, door.open() as connection:
        for sql in ROUND_ABOUT:
            found = {row[0] for row in await (await connection.execute(EMEA + sql)).fetchall()}
            assert found - {None} == {1, 3, 9}, sql
        (counted,) = await (await connection.execute(EMEA + "SELECT count(*) FROM orders")).fetchall()
        assert counted == (3,)
        for sql in (
            f"SELECT id FROM orders WHERE {column} - 9999 > '1900-01-01' OR true",
            "SELECT id FROM orders WHERE CAST(timezone('UTC', statement_timestamp()) AS date) - 5 < day",
            "SET timezone = 'Pacific/Kiritimati'",
        ):
            with pytest.raises(psycopg.Error):
                await connection.execute(EMEA + sql)


@pytest.mark.parametrize("dialect", WRITTEN)
async def test_a_rule_on_a_column_without_dates_gives_no_row_and_says_whose_it_is(
    request: pytest.FixtureRequest, dialect: str
) -> None:
    async with door_of(request, dialect, recent("item")) as door, door.open() as connection:
        with pytest.raises(psycopg.Error, match="rows of the last days by a column of the type text") as refused:
            await connection.execute(EMEA + "SELECT id FROM orders")
    assert "its owner must name another column" in str(refused.value)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_the_days_go_on_for_what_was_prepared_before(request: pytest.FixtureRequest, dialect: str) -> None:
    since = (datetime.now(UTC).replace(tzinfo=None) - datetime.fromisoformat("2024-06-01")).days
    sql, every = EMEA + "SELECT min(day), count(*) FROM orders WHERE id > %s", "SELECT day FROM orders"
    async with door_of(request, dialect, GRANT) as door:
        days = sorted(str(day) for (day,) in await door.ask(EMEA + every))
    async with door_of(request, dialect, recent(days=since)) as door, door.open() as connection:
        cursor = connection.cursor()
        await cursor.execute(sql, (0,), prepare=True)
        later = [day for day in days if day >= "2024-06-01"]
        assert [(str(day), count) for day, count in await cursor.fetchall()] == [(later[0], len(later))]
        if dialect == "mysql":
            return  # its own clock counts
        door.gateway.clock = lambda: datetime.now(UTC) + timedelta(days=91)
        await cursor.execute(sql, (0,), prepare=True)
        later = [day for day in days if day >= "2024-08-31"]
        assert [(str(day), count) for day, count in await cursor.fetchall()] == [(later[0], len(later))]


async def test_what_sqlite_holds_in_the_place_of_a_day_is_not_of_the_last_ones(request: pytest.FixtureRequest) -> None:
    date_orders(request, "sqlite")
    odd = ("zzzz", 99999999, 2999999, b"2099-01-01", b"1999-01-01", "now", "2999999", 2999999.5, "9999-99-99", "")
    with sqlite3.connect(request.getfixturevalue("sqlite_path")) as owner:
        for place, value in enumerate(odd):
            owner.execute("UPDATE orders SET day = ? WHERE id = ?", (value, 11 + 2 * place))
    owner.close()
    async with door_of(request, "sqlite", recent()) as door:
        found = {row[0] for row in await door.ask(EMEA + "SELECT id FROM orders")}
    assert {1, 3, 9} <= found
    assert found - {1, 3, 9} <= {17}, "bytes that are a day to come, at most"


async def test_a_change_reaches_rows_of_the_last_days_only(request: pytest.FixtureRequest) -> None:
    table = GRANT.tables[0].model_copy(
        update={
            "operations": GRANT.tables[1].operations,
            "rows": (RowCondition(column="day", within_days=DAYS),),
            "columns": (ColumnGrant(name="id"), ColumnGrant(name="item", writable=True), ColumnGrant(name="day")),
        }
    )
    for dialect in WRITTEN:
        date_orders(request, dialect)
        grant = DataGrant(integration="orders-db", tables=(table,))
        async with door_of(request, dialect, grant) as door, door.open() as connection:
            changed = await connection.execute(EMEA + "UPDATE orders SET item = 'x'")
            assert changed.rowcount == 3, dialect
            with pytest.raises(psycopg.Error):
                await connection.execute(EMEA + "INSERT INTO orders (id, item) VALUES (900, 'old')")
            gone = await connection.execute(EMEA + "DELETE FROM orders")
            assert gone.rowcount == 3, dialect


WAYS = {
    "few": ("SELECT amount, id FROM orders WHERE id IN (3, 5)", {"3", "5"}),
    "star": ("SELECT * FROM orders WHERE id = 3", {"3"}),
    "join": (
        "SELECT i.item, o.id FROM items i RIGHT JOIN orders AS o ON o.item = i.item WHERE o.id < 6",
        {"1", "3", "5"},
    ),
    "alias": ("SELECT o.id AS number FROM orders o WHERE o.id = 7", {"7"}),
}
UNTOLD_WAYS = (
    "SELECT count(*) FROM orders",
    "SELECT amount FROM orders",
    "SELECT id + 0 AS id FROM orders",
    "SELECT id FROM (SELECT id FROM orders) AS orders",
    "SELECT a.id FROM orders a JOIN orders b ON true",
    "SELECT id FROM orders UNION SELECT 5",
    "WITH orders AS (SELECT id FROM orders) SELECT id FROM orders",
)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_the_rows_of_an_answer_are_kept_as_postgresql_keeps_them(
    request: pytest.FixtureRequest, dialect: str, postgres_orders: Database
) -> None:
    postgres = await opened(replace(BINDING, grant=logged()), target=replace(postgres_orders, mask_key=KEY.hex()))
    async with log_door(request, dialect) as door:
        for number, (sql, keys) in enumerate(WAYS.values()):
            for one in (postgres, door):
                one.events.clear()
                async with one.open() as connection:
                    await (await connection.execute(EMEA + sql, binary=number % 2 == 1)).fetchall()
            # A whole number is of another length in some.
            assert len(kept(door)["orders"]) == len(kept(postgres)["orders"]) == len(keys), sql
            known = {key: set(tokens("orders", key, KEY)) for key in ("1", "3", "5", "7", "9")}
            for one in (postgres, door):
                assert {key for key, ways in known.items() if ways & kept(one)["orders"]} == keys
            assert all(one.startswith("h:") for one in kept(door)["orders"])
        for sql in UNTOLD_WAYS:
            door.events.clear()
            await door.ask(EMEA + sql)
            assert kept(door)["orders"] == {UNTOLD}, sql
    async with log_door(request, dialect, untold="refused") as door:
        for sql in UNTOLD_WAYS:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="does not tell it"):
                await door.ask(EMEA + sql)
        assert not kept(door)
        assert {event.deciders for event in door.events} == {("row-log",)}
    postgres.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("dialect", WRITTEN)
async def test_rows_that_are_changed_are_kept_where_the_database_returns_them(
    request: pytest.FixtureRequest, dialect: str
) -> None:
    change = EMEA + "UPDATE refunds SET note = 'seen' WHERE id = 3"
    async with log_door(request, dialect, written="clear") as door:
        await door.ask(change)
        assert kept(door) == {"refunds": {UNTOLD}}
        door.events.clear()
        if dialect == "mysql":
            return
        async with door.open() as connection:
            await connection.execute(change + " RETURNING note, id")
        assert kept(door) == {"refunds": {"=3"}}
    async with log_door(request, dialect, untold="refused") as door:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="does not tell it"):
            await door.ask(change)


async def test_a_star_that_has_not_every_column_tells_no_key(request: pytest.FixtureRequest) -> None:
    with duckdb.connect(str(request.getfixturevalue("duckdb_path"))) as owner:
        owner.execute("ALTER TABLE orders ALTER region TYPE text[] USING [region]")
        owner.execute("ALTER TABLE refunds ALTER order_id TYPE integer[] USING [order_id]")
    named = GRANT.tables[1].model_copy(
        update={
            "columns": tuple(ColumnGrant(name=name) for name in ("order_id", "id", "region", "note")),
            "row_log": RowLog(key=("id",), written="clear"),
        }
    )
    grant = DataGrant(integration="orders-db", tables=(named,))
    async with door_of(request, "duckdb", grant) as door:
        assert {len(row) for row in await door.ask(EMEA + "SELECT * FROM refunds")} == {3}
        assert kept(door) == {"refunds": {UNTOLD}}, "and not the region, which stands where the id was thought to be"
        door.events.clear()
        await door.ask(EMEA + "SELECT region, id FROM refunds WHERE id = 3")
        assert kept(door) == {"refunds": {"=3"}}
    refusing = named.model_copy(update={"row_log": RowLog(key=("id",), untold="refused")})
    async with door_of(request, "duckdb", DataGrant(integration="orders-db", tables=(refusing,)), KEY.hex()) as door:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="does not tell it"):
            await door.ask(EMEA + "SELECT * FROM refunds")


async def test_what_is_read_piece_by_piece_and_given_up_is_kept_as_far_as_it_went(
    request: pytest.FixtureRequest,
) -> None:
    sql = (EMEA + "SELECT id FROM orders ORDER BY id").encode()
    async with (
        log_door(request, "sqlite", written="clear") as door,
        wire(int(urlsplit(door.url).port or 0)) as line,
    ):
        line.send(message(b"P", b"\0" + sql + b"\0\0\0") + message(b"B", b"\0\0" + b"\0\0" * 3))
        line.send(message(b"E", b"\0" + struct.pack("!i", 2)))
        assert [(await line.said() or (b"", b""))[0] for _ in range(5)] == [b"1", b"2", b"D", b"D", b"s"]
        assert not kept(door)
        # Another statement takes the connection.
        line.send(message(b"P", b"\0SELECT 1\0\0\0") + message(b"B", b"\0\0" + b"\0\0" * 3))
        line.send(message(b"E", b"\0\0\0\0\0") + message(b"S", b""))
        while (await line.said() or (b"Z", b""))[0] != b"Z":
            pass
        assert kept(door) == {"orders": {"=1", "=3"}}
        executed = [event.context["rows"] for event in door.events if event.action == "query.executed"]
        assert executed == [2, 1]

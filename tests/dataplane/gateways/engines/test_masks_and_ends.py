"""Grants that end and masks with the organisation's key on translated databases: as PostgreSQL has them."""

import asyncio
import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import psycopg
import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.grants import ColumnGrant, DataGrant, Mask, Operation, TableGrant
from bailiwick.dataplane.gateways.sql import Database
from tests.dataplane.gateways.engines.conftest import APAC, BINDING, DIALECTS, EMEA, GRANT, OWN_REGION, door_of, opened
from tests.dataplane.gateways.sql.wire import wire

pytestmark = pytest.mark.req("IN7", "IN9")
KEY = bytes(range(32)).hex()
END = datetime(2100, 1, 31, 12, tzinfo=UTC)
MASKS = {
    "id": None, "item": Mask.HASH, "amount": Mask.NOISE25, "price": Mask.NOISE10, "day": Mask.HASH,
    "placed": Mask.HASH, "paid": Mask.HASH, "email": Mask.HASH, "card": Mask.DIGITS,
}  # fmt: skip
MASKED = DataGrant(
    integration="orders-db",
    tables=(
        TableGrant(
            relation="orders",
            operations=frozenset({Operation.SELECT}),
            columns=tuple(ColumnGrant(name=name, mask=mask) for name, mask in MASKS.items()),
            rows=OWN_REGION,
            until=END,
        ),
    ),
)
# SQLite has no dates, decimals and booleans of its own: what it holds in their place is another value.
DECLARED = EMEA + "SELECT id, day, placed, paid, price FROM orders"
QUERIES = (
    APAC + "SELECT id, item, amount, email, card FROM orders",
    EMEA + "SELECT card AS c, id FROM (SELECT * FROM orders WHERE id > 9) o ORDER BY id DESC LIMIT 7",
    EMEA + "WITH few (n, m) AS (SELECT id, email FROM orders WHERE id < 20) SELECT m, n FROM few",
    EMEA + "SELECT id FROM orders o WHERE EXISTS (SELECT card FROM orders p WHERE p.id = o.id + 2)",
    DECLARED,
)


@pytest.fixture(scope="module")
def shown_by_postgresql(postgres_orders: Database) -> dict[str, list[str]]:
    """Return the rows that PostgreSQL shows, for each query."""

    async def ask() -> dict[str, list[str]]:
        postgres = await opened(replace(BINDING, grant=MASKED), target=replace(postgres_orders, mask_key=KEY))
        async with postgres.open() as connection:
            return {sql: sorted(map(repr, await (await connection.execute(sql)).fetchall())) for sql in QUERIES}

    found = asyncio.run(ask())
    assert all(found.values())
    return found


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def ending(grant: DataGrant, until: datetime) -> DataGrant:
    return grant.model_copy(
        update={"tables": tuple(table.model_copy(update={"until": until}) for table in grant.tables)}
    )


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_masks_with_the_key_show_what_postgresql_shows(
    request: pytest.FixtureRequest, dialect: str, shown_by_postgresql: dict[str, list[str]]
) -> None:
    async with door_of(request, dialect, MASKED, KEY) as door, door.open() as connection:
        for number, (sql, expected) in enumerate(shown_by_postgresql.items()):
            if sql != DECLARED or dialect != "sqlite":
                found = await (await connection.execute(sql, binary=number % 2 == 0)).fetchall()
                assert sorted(map(repr, found)) == expected, sql
        for sql in ("SELECT id FROM orders WHERE card = '1'", "SELECT card FROM orders ORDER BY card"):
            with pytest.raises(psycopg.errors.FeatureNotSupported, match="under the mask digits is shown as it is"):
                await connection.execute(EMEA + sql)
        assert door.events[-1].deciders == ("translation",)


async def test_without_the_key_nothing_is_answered(request: pytest.FixtureRequest) -> None:
    async with door_of(request, "sqlite", MASKED) as door:
        with pytest.raises(psycopg.OperationalError, match="the key of masks is not there"):
            await door.ask(EMEA + "SELECT id FROM orders")


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_nothing_is_read_after_the_end_of_a_grant_also_of_what_was_prepared_before(
    request: pytest.FixtureRequest, dialect: str
) -> None:
    async with door_of(request, dialect, ending(GRANT, END)) as door, door.open() as connection:
        cursor = connection.cursor()
        sql = EMEA + "SELECT id FROM orders WHERE id < %s"
        await cursor.execute(sql, (6,), prepare=True)
        assert await cursor.fetchall() == [(1,), (3,), (5,)]
        door.gateway.clock = lambda: END - timedelta(microseconds=1)
        await cursor.execute(sql, (4,), prepare=True)
        assert await cursor.fetchall() == [(1,), (3,)]
        door.gateway.clock = lambda: END
        for text, given in ((sql, (6,)), ("SELECT count(*) FROM items", None)):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"grant on \w+ ended on 2100-01-31"):
                await cursor.execute(text, given, prepare=True)
            assert (door.events[-1].action, door.events[-1].deciders) == ("query.refused", ("grant-ended",))


@pytest.mark.parametrize("dialect", ["sqlite", "duckdb", "mysql"])
async def test_nothing_is_written_after_the_end_of_a_grant(request: pytest.FixtureRequest, dialect: str) -> None:
    statements = (
        "INSERT INTO refunds (id, order_id, note) VALUES (90, 1, 'new'), (91, 1, NULL)",
        "INSERT INTO refunds (region, id) VALUES ('EMEA', 92)",
        "UPDATE refunds SET note = 'changed' WHERE id = 90",
        "DELETE FROM refunds WHERE id = 91",
    )
    after = "SELECT id, region, note FROM refunds WHERE id >= 90 ORDER BY id"
    async with door_of(request, dialect, ending(GRANT, END)) as door, door.open() as connection:
        for sql in statements:
            await connection.execute(EMEA + sql)
        kept = [(90, "EMEA", "changed"), (92, "EMEA", None)]
        assert await (await connection.execute(EMEA + after)).fetchall() == kept
        door.gateway.clock = lambda: END
        for sql in statements:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="ended on 2100-01-31"):
                await connection.execute(EMEA + sql)
        door.gateway.clock = utc_now
        with pytest.raises(psycopg.Error, match="not one that this person may write"):
            await connection.execute(EMEA + "INSERT INTO refunds (region, id) VALUES ('APAC', 93)")
        assert await (await connection.execute(EMEA + after)).fetchall() == kept


async def test_a_portal_that_is_read_piece_by_piece_ends_with_the_grant(request: pytest.FixtureRequest) -> None:
    sql = (EMEA + "SELECT id FROM orders ORDER BY id").encode()
    async with door_of(request, "sqlite", ending(GRANT, END)) as door, wire(int(urlsplit(door.url).port or 0)) as line:
        line.send(message(b"P", b"\0" + sql + b"\0\0\0"))
        line.send(message(b"B", b"\0\0" + b"\0\0" * 3))
        two = message(b"E", b"\0" + struct.pack("!i", 2))
        line.send(two)
        kinds = [(await line.said() or (b"", b""))[0] for _ in range(5)]
        assert kinds == [b"1", b"2", b"D", b"D", b"s"]
        door.gateway.clock = lambda: END
        line.send(two + message(b"S", b""))
        kind, words = await line.said() or (b"", b"")
        assert kind == b"E"
        assert b"grant on orders ended on 2100-01-31" in words

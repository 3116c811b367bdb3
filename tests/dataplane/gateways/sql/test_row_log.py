"""Which rows were read and changed, where a grant logs that: from every way of reading, and never a wrong nobody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import psycopg
import pytest

from bailiwick.core.grants import DataGrant, RowLog
from bailiwick.core.row_log import UNTOLD, tokens
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.rewrite import rewrite
from bailiwick.store.embedded import EmbeddedPostgres
from tests.fixtures.attacked import MASK_KEY
from tests.fixtures.shop import BINDING, EMEA, GRANT, Shop, real, shop_at

pytestmark = pytest.mark.req("IN10")


def logged(**changes: object) -> DataGrant:
    log = RowLog.model_validate({"key": ["id"], **changes})
    tables = tuple(table.model_copy(update={"row_log": log}) for table in GRANT.tables[:2])
    return GRANT.model_copy(update={"tables": (*tables, *GRANT.tables[2:])})


@asynccontextmanager
async def door(database: EmbeddedPostgres, **changes: object) -> AsyncIterator[Shop]:
    target = replace(real(database), mask_key=MASK_KEY.hex())
    async with shop_at(target, database, replace(BINDING, grant=logged(**changes))) as opened:
        yield opened


def kept(shop: Shop) -> dict[str, set[str]]:
    """Return the keys that were audited, by table."""
    found: dict[str, set[str]] = {}
    for event in shop.events:
        if event.action == "query.rows":
            keys = event.context["keys"]
            assert isinstance(keys, tuple)
            assert len(keys) <= 100
            found.setdefault(str(event.context["rows_of"]), set()).update(map(str, keys))
    return found


def is_kept(shop: Shop, table: str, key: str) -> bool:
    return bool(kept(shop).get(table, set()) & set(tokens(table, key, MASK_KEY)))


async def test_the_rows_of_an_answer_are_kept_hashed_and_no_others(shop_database: EmbeddedPostgres) -> None:
    async with door(shop_database) as shop:
        await shop.ask(f"{EMEA} SELECT amount, id FROM orders WHERE id IN (2, 4)")
        assert [is_kept(shop, "orders", key) for key in ("2", "4", "6", "1")] == [True, True, False, False]
        assert len(kept(shop)["orders"]) == 2
        assert all(token.startswith("h:") for token in kept(shop)["orders"])
        (event,) = [event for event in shop.events if event.action == "query.rows"]
        assert (event.actor, event.trace, event.context["operation"]) == ("user:emea@example.com", "a" * 32, "select")


async def test_in_the_clear_only_where_the_grant_says_so(shop_database: EmbeddedPostgres) -> None:
    async with door(shop_database, written="clear", key=["id", "amount"]) as shop:
        await shop.ask("SELECT id, order_id, amount FROM refunds ORDER BY id")
        assert kept(shop) == {"refunds": {"=1,5", "=2,6"}}
        assert is_kept(shop, "refunds", "1, 5")


@pytest.mark.parametrize("way", ["binary", "cursor", "server cursor", "pipeline", "star", "join", "returning"])
async def test_every_way_that_tells_the_key_is_read(shop_database: EmbeddedPostgres, way: str) -> None:
    async with door(shop_database) as shop:
        async with await psycopg.AsyncConnection.connect(shop.url, autocommit=True) as connection:
            if way == "binary":
                cursor = connection.cursor(binary=True)
                await cursor.execute("SELECT order_id, id FROM refunds WHERE id = %s", (2,))
            elif way == "cursor":
                async with connection.transaction():
                    await connection.execute("DECLARE c CURSOR FOR SELECT id FROM refunds ORDER BY id DESC")
                    await connection.execute("FETCH 1 FROM c")
            elif way == "server cursor":
                async with connection.transaction(), connection.cursor("named") as named:
                    await named.execute("SELECT id FROM refunds WHERE id = 2")
                    await named.fetchall()
            elif way == "pipeline":
                async with connection.pipeline():
                    await connection.execute("SELECT n FROM numbers LIMIT 3")
                    await connection.execute("SELECT id FROM refunds WHERE id = 2")
                    await connection.execute("SELECT n FROM numbers LIMIT 3")
            else:
                statements = {
                    "star": "SELECT * FROM refunds WHERE id = 2",
                    "join": "SELECT n.n, r.id FROM numbers n JOIN refunds AS r ON r.id = n.n WHERE r.id = 2",
                    "returning": "UPDATE refunds SET amount = amount WHERE id = 2 RETURNING amount, id",
                }
                await connection.execute(statements[way].encode())
        assert is_kept(shop, "refunds", "2")
        assert not is_kept(shop, "refunds", "1")
        assert UNTOLD not in kept(shop)["refunds"]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM refunds",
        "SELECT amount FROM refunds",
        "SELECT id + 0 AS id FROM refunds",
        "SELECT 5 AS id, amount FROM refunds",
        "SELECT o.id FROM (SELECT 5 AS id) o, refunds",
        "SELECT id FROM (SELECT id FROM refunds) AS refunds",
        "SELECT amount AS id FROM refunds",
        "SELECT a.id FROM refunds a JOIN refunds b ON true",
        "SELECT id FROM refunds UNION SELECT 5",
        "WITH refunds AS (SELECT 5 AS id, amount FROM refunds) SELECT id FROM refunds",
        "SELECT x FROM refunds AS r(x)",
        "SELECT * FROM refunds JOIN (SELECT 1 AS id) o USING (id)",
        "SELECT n, (SELECT min(amount) FROM refunds) FROM numbers LIMIT 1",
        "COPY (SELECT id FROM refunds) TO STDOUT",
        "UPDATE refunds SET amount = amount",
    ],
)
async def test_what_does_not_tell_which_rows_is_noted_or_refused(
    shop_database: EmbeddedPostgres, statement: str
) -> None:
    async with door(shop_database) as shop:
        async with await psycopg.AsyncConnection.connect(shop.url, autocommit=True) as connection:
            if statement.startswith("COPY"):
                async with connection.cursor().copy(statement.encode()) as copy:
                    assert [part async for part in copy]
            else:
                await connection.execute(statement.encode())
        assert kept(shop)["refunds"] == {UNTOLD}
    async with door(shop_database, untold="refused") as shop:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="does not tell it"):
            await asyncio.wait_for(shop.ask(statement), 20)
        assert not kept(shop)


async def test_many_rows_are_kept_in_events_that_the_log_can_be_asked_for(shop_database: EmbeddedPostgres) -> None:
    numbers = GRANT.tables[2].model_copy(update={"row_log": RowLog(key=("n",))})
    binding = replace(BINDING, grant=GRANT.model_copy(update={"tables": (*GRANT.tables[:2], numbers)}))
    async with shop_at(replace(real(shop_database), mask_key=MASK_KEY.hex()), shop_database, binding) as shop:
        assert len(await shop.ask("SELECT n FROM numbers")) == 20000
        assert len(kept(shop)["numbers"]) == 20000
        assert is_kept(shop, "numbers", "19999")


def test_a_grant_that_logs_nothing_reads_no_keys_and_star_counts_columns() -> None:
    assert rewrite("SELECT id FROM orders", GRANT, {"region": "EMEA"}).shown == ()
    both = rewrite("SELECT o.*, r.* FROM orders o, refunds r", logged(), {"region": "EMEA"}).shown
    assert {item.table: item.places for item in both} == {"orders": (0,), "refunds": (6,)}
    with pytest.raises(StatementRefusedError) as told:
        rewrite("SELECT amount FROM orders", logged(untold="refused"), {"region": "EMEA"})
    assert told.value.hint == "select id of orders as plain columns, or return them"

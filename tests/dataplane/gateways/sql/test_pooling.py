"""A connection that is used again carries nothing of whoever had it before, or is not used again."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from bailiwick.dataplane.gateways.sql import Binding, Connection, Database, Pool
from bailiwick.store.embedded import EmbeddedPostgres
from tests.dataplane.gateways.sql.wire import query, wire
from tests.fixtures.liar import READY, liar, message
from tests.fixtures.shop import APAC, BINDING, EMEA, Shop, real, shop_at
from tests.fixtures.waiting import until

pytestmark = pytest.mark.req("IN3", "IN7")


async def pooled(target: Database, database: EmbeddedPostgres, pool: Pool) -> AsyncIterator[Shop]:
    async with shop_at(target, database) as opened:

        async def open_connection(asked: Binding) -> Connection:
            return await pool.connect(target, asked.app)

        opened.gateway.connect = open_connection
        yield opened
    pool.close()


@pytest.fixture
def pool() -> Pool:
    return Pool()


@pytest.fixture
async def shop(shop_database: EmbeddedPostgres, pool: Pool) -> AsyncIterator[Shop]:
    async for opened in pooled(real(shop_database), shop_database, pool):
        yield opened


def processes(shop: Shop) -> list[int]:
    """Return the processes that the database has for the app, and that do nothing."""
    with psycopg.connect(shop.database.url("gateway_shop")) as owner:
        asked = "SELECT pid FROM pg_stat_activity WHERE application_name = 'finance/desk' ORDER BY pid"
        return [pid for (pid,) in owner.execute(asked)]


async def settled(pool: Pool) -> None:
    await asyncio.wait_for(asyncio.gather(*pool._resetting), 10)


async def test_a_connection_is_used_again_and_holds_nothing_of_the_one_before(shop: Shop, pool: Pool) -> None:
    async with await psycopg.AsyncConnection.connect(shop.url, autocommit=True) as first:
        await first.execute("SET timezone = 'Asia/Tokyo'")
        await first.execute("SET statement_timeout = '5s'")
        await first.execute(f"DECLARE mine CURSOR WITH HOLD FOR SELECT * FROM orders {EMEA}")
        await first.execute(f"SELECT * FROM orders {EMEA}", prepare=True)
        (one,) = processes(shop)
    await first.close()
    await until_given_back(shop, pool)
    async with await psycopg.AsyncConnection.connect(shop.url, autocommit=True) as second:
        assert processes(shop) == [one]
        assert second.info.parameter_status("TimeZone") != "Asia/Tokyo"
        assert await (await second.execute("SHOW timezone")).fetchone() != ("Asia/Tokyo",)
        assert await (await second.execute("SHOW statement_timeout")).fetchone() == ("30s",)
        with pytest.raises(psycopg.errors.InvalidCursorName):
            await second.execute(f"FETCH 1 FROM mine {APAC}")
        rows = await (await second.execute(f"SELECT * FROM orders {APAC}", prepare=True)).fetchall()
        assert {row[1] for row in rows} == {"APAC"}


async def until_given_back(shop: Shop, pool: Pool) -> None:
    await asyncio.to_thread(until, lambda: not shop.gateway.sessions)
    await settled(pool)


@pytest.mark.parametrize(
    "left",
    ["BEGIN", "BEGIN; SELECT 1 / 0"],
    ids=["a transaction", "a failed transaction"],
)
async def test_what_is_left_within_a_transaction_is_closed(shop: Shop, pool: Pool, left: str) -> None:
    async with wire(shop.port) as client:
        client.send(query(left) + message(b"X"))
        await client.rest()
    await until_given_back(shop, pool)
    await asyncio.to_thread(until, lambda: processes(shop) == [])


@pytest.mark.parametrize(
    "last",
    [b"", b"?\0\0\0\4", message(b"P", b"\0SELECT 1\0\0\0") + message(b"X")],
    ids=["no farewell", "garbage", "a group without an end"],
)
async def test_whoever_does_not_say_goodbye_leaves_no_connection(shop: Shop, pool: Pool, last: bytes) -> None:
    async with wire(shop.port) as client:
        client.send(query("SELECT 1"))
        await client.until_ready()
        client.send(last)
        client.writer.write_eof()
        await client.rest()
    await until_given_back(shop, pool)
    await asyncio.to_thread(until, lambda: processes(shop) == [])


async def test_connections_are_never_shared_between_apps_or_accounts(shop: Shop, pool: Pool) -> None:
    one = await pool.connect(shop.target, "finance/desk")
    assert one.give_back is not None
    one.give_back()
    await settled(pool)
    other_app = await pool.connect(shop.target, "finance/other")
    rotated = Database(
        shop.target.host, shop.target.port, shop.target.database, shop.target.user, "the-next-credential"
    )
    assert pool._idle.get((rotated, "finance/desk")) is None
    assert other_app is not one
    assert await pool.connect(shop.target, "finance/desk") is one
    for connection in (one, other_app):
        connection.close()


async def test_what_nobody_takes_is_closed_after_a_while(shop: Shop) -> None:
    brief = Pool(idle_seconds=0.05)
    one = await brief.connect(shop.target, "finance/desk")
    assert one.give_back is not None
    one.give_back()
    await settled(brief)
    await asyncio.to_thread(until, lambda: processes(shop) == [])
    assert one.channel.is_over
    assert not brief._idle


@pytest.mark.parametrize(
    "answer",
    [
        READY,
        message(b"C", b"DISCARD ALL\0") + message(b"Z", b"T"),
        message(b"C", b"DISCARD ALL\0") + READY + message(b"D", b"\0\0"),
        message(b"E", b"SERROR\0C42501\0Mno\0\0") + READY,
        message(b"C", b"DISCARD ALL\0") + message(b"S", b"x") + READY,
        b"",
    ],
    ids=["ready only", "a transaction", "a row behind it", "an error", "a setting that is none", "nothing"],
)
async def test_a_database_that_does_not_say_that_it_reset_is_not_used_again(
    shop: Shop, pool: Pool, answer: bytes
) -> None:
    async def lie(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    async with liar(lie) as target:
        connection = await pool.connect(target, BINDING.app)
        assert connection.give_back is not None
        connection.give_back()
        await settled(pool)
        assert not pool._idle.get((target, BINDING.app))

"""Databases and clients that break off, say nothing, lie and flood: what the other side then gets, and what is left."""

import asyncio
import gc
import resource
import struct
from collections.abc import AsyncIterator

import psycopg
import pytest

from tests.dataplane.gateways.sql.wire import query, served, wire
from tests.fixtures.liar import COLUMN, READY, Answer, liar, message, row
from tests.fixtures.shop import EMEA, Shop, shop_at
from tests.fixtures.waiting import until

pytestmark = pytest.mark.req("IN3", "RT6")
ASKED = query("SELECT n FROM numbers")


@pytest.fixture(autouse=True)
async def nothing_is_left() -> AsyncIterator[None]:
    """After each test no connection of the gateway's is served, and none ended with a fault that nobody saw."""
    faults: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(repr(context)))
    yield
    await until_nothing_is_served()
    gc.collect()
    assert not faults


async def until_nothing_is_served() -> None:
    await asyncio.wait_for(asyncio.gather(*served(), return_exceptions=True), 20)


async def answered(answer: Answer, shop: Shop, *, silence_seconds: float = 60.0) -> bytes:
    """Return everything that an app gets for a statement that a database answers like this."""
    async with liar(answer) as target, shop_at(target, shop.database) as opened:
        opened.gateway.silence_seconds = silence_seconds
        async with wire(opened.port) as client:
            client.send(ASKED)
            return await client.rest()


def says(*parts: bytes) -> Answer:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()

    return answer


def fields(said: bytes) -> dict[str, str]:
    """Return the fields of the error that ends what was said."""
    return {part[:1].decode(): part[1:].decode() for part in said[said.rindex(b"SFATAL") :].split(b"\0") if part}


async def test_a_database_that_hangs_is_given_up_in_words(shop: Shop) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(COLUMN)
        await reader.read(-1)

    said = await answered(hang, shop, silence_seconds=0.1)
    assert fields(said)["C"] == "08006"
    assert "says nothing" in fields(said)["M"]


async def test_a_database_that_ends_between_messages_is_told_of(shop: Shop) -> None:
    said = await answered(says(COLUMN, row(b"one")), shop)
    assert said.startswith(COLUMN + row(b"one"))
    assert fields(said)["C"] == "08006"


async def test_a_row_that_breaks_off_is_followed_by_nothing(shop: Shop) -> None:
    half = row(b"x" * 1000)[:500]
    assert await answered(says(COLUMN, half), shop) == COLUMN + half


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        (message(b"D", b"", length=2**31), "larger than 16 MiB"),
        (message(b"T", b"", length=3), "larger than 16 MiB"),
        (message(b"G", b"\0\0\0"), "COPY"),
        (message(b"W", b"\0\0\0"), "COPY"),
        (message(b"Z", b""), "status"),
        (message(b"R", b"\0\0\0\3"), "not expected"),
    ],
    ids=["a huge row", "a length less than its own", "rows are to come in", "both ways", "no status", "a password"],
)
async def test_a_database_that_lies_is_cut_off_in_words(shop: Shop, lie: bytes, words: str) -> None:
    said = await answered(says(COLUMN, lie), shop)
    assert fields(said)["C"] == "08P01"
    assert words in fields(said)["M"]


async def test_an_error_that_is_none_is_still_one_and_an_end_while_idle_is_told(shop: Shop) -> None:
    said = await answered(says(message(b"E", b"\xff\0\xfe"), READY), shop)
    assert said.startswith(message(b"E", b"\0") + READY)
    assert fields(said)["C"] == "08006"


async def test_a_table_that_changes_under_a_prepared_statement(shop: Shop) -> None:
    owner = await psycopg.AsyncConnection.connect(shop.database.url("gateway_shop"), autocommit=True)
    await owner.execute("CREATE TABLE IF NOT EXISTS changing (n int)")
    async with owner, await psycopg.AsyncConnection.connect(shop.url, autocommit=True) as connection:
        asked = "SELECT n FROM numbers WHERE n < %s"
        assert await (await connection.execute(asked, [3], prepare=True)).fetchall() == [(1,), (2,)]
        try:
            await owner.execute("ALTER TABLE numbers ALTER n TYPE bigint")
            with pytest.raises(psycopg.errors.FeatureNotSupported, match="result type"):
                await connection.execute(asked, [3], prepare=True)
            assert await (await connection.execute(asked, [3], prepare=False)).fetchall() == [(1,), (2,)]
            await owner.execute("ALTER TABLE numbers RENAME n TO m")
            with pytest.raises(psycopg.errors.UndefinedColumn):
                await connection.execute(f"{asked} AND TRUE", [3])
        finally:
            await owner.execute("ALTER TABLE numbers RENAME m TO n")
            await owner.execute("ALTER TABLE numbers ALTER n TYPE int")


@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT repeat('x', 1000) FROM numbers, numbers b) TO STDOUT",
        "SELECT repeat('x', 1000) FROM numbers a, numbers b",
    ],
    ids=["a COPY", "a SELECT"],
)
async def test_a_client_that_goes_away_within_an_answer_leaves_nothing_running(shop: Shop, statement: str) -> None:
    async with wire(shop.port) as client:
        client.send(query(statement))
        await client.reader.readexactly(100_000)
    await asyncio.to_thread(until, lambda: backends(shop) == 0)
    assert not shop.gateway.sessions


async def test_a_client_that_goes_away_while_the_database_works_stops_it(shop: Shop) -> None:
    async with wire(shop.port) as client:
        client.send(query("SELECT count(*) FROM numbers a, numbers b, numbers c"))
        await asyncio.to_thread(until, lambda: backends(shop) == 1)
    await asyncio.to_thread(until, lambda: backends(shop) == 0, 10)
    assert not shop.gateway.sessions


def backends(shop: Shop) -> int:
    with psycopg.connect(shop.database.url("gateway_shop")) as owner:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'shop_app' AND state = 'active'"
        (found,) = owner.execute(asked).fetchone() or (0,)
        return int(found)


async def test_what_passes_takes_no_memory_however_much_it_is(shop: Shop) -> None:
    async with wire(shop.port) as client:
        client.send(query("COPY (SELECT repeat('x', 100000) FROM numbers LIMIT 200) TO STDOUT"))
        await client.until_ready()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        client.send(query("COPY (SELECT repeat('x', 100000) FROM numbers LIMIT 3000) TO STDOUT"))
        seen = 0
        while (one := await client.said()) is not None and one[0] != b"Z":
            seen += len(one[1])
        assert seen > 300_000_000
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000  # KiB


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\0\0\0\4",
        b"\0\0\0\7abc",
        struct.pack("!II", 8, 1234567),
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff" * 100,
        b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + b"\0" * 190,
    ],
    ids=["nothing", "no code", "too short", "an unknown code", "HTTP", "all ones", "TLS without asking"],
)
async def test_whoever_does_not_speak_the_protocol_is_answered_or_cut_off(shop: Shop, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", shop.port)
    writer.write(sent)
    writer.write_eof()
    said = await asyncio.wait_for(reader.read(-1), 20)
    assert said == b"" or said[:1] == b"E"
    writer.close()
    assert {row_[1] for row_ in await shop.ask(f"SELECT * FROM orders {EMEA}")} == {"EMEA"}

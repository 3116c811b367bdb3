"""Drivers that know nothing of the gateway do through it what they do with any PostgreSQL."""

import asyncio
import json
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import asyncpg
import psycopg
import psycopg2
import psycopg2.extras
import pytest
from psycopg.types.enum import EnumInfo
from sqlalchemy import create_engine, text

from tests.fixtures import npm
from tests.fixtures.shop import APAC, EMEA, Shop

pytestmark = pytest.mark.req("IN3")
Found = TypeVar("Found")
JAR = Path("/usr/share/java/postgresql.jar")


async def beside(work: Callable[[], Found]) -> Found:
    """Do something that blocks while the gateway serves on this loop."""
    return await asyncio.wait_for(asyncio.to_thread(work), 60)


async def test_psycopg_with_cursors_pipelines_binary_and_savepoints(shop: Shop) -> None:
    def work() -> None:
        with psycopg.connect(shop.url) as connection:
            connection.cursor(binary=True).execute(f"SELECT id FROM orders {EMEA}")
            with connection.cursor("named") as cursor:
                cursor.itersize = 7
                cursor.execute(f"SELECT id, amount FROM orders WHERE id > %s ORDER BY id {EMEA}", [10])
                assert len(cursor.fetchmany(3)) == 3
                assert len(list(cursor)) == 12
                cursor.scroll(0, mode="absolute")
            with (
                connection.transaction(),
                pytest.raises(psycopg.errors.DivisionByZero),
                connection.transaction(),
            ):
                connection.execute("SELECT 1 / 0")
            with connection.pipeline():
                found = [connection.execute(f"SELECT %s::int {EMEA}", [number]) for number in range(50)]
            assert [cursor.fetchone() for cursor in found] == [(number,) for number in range(50)]
            assert EnumInfo.fetch(connection, "state") is not None
            row = connection.execute(
                f"SELECT state, placed FROM orders LIMIT 1 {EMEA}", binary=True, prepare=True
            ).fetchone()
            assert row is not None and row[0] == b"paid"
            notices: list[str] = []
            connection.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
            connection.execute("BEGIN")
            assert notices == ["there is already a transaction in progress"]

    await beside(work)


async def test_psycopg2_with_named_cursors_copy_and_several_statements(shop: Shop) -> None:
    def work() -> None:
        connection = psycopg2.connect(shop.url)
        with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            cursor.execute(f"SELECT id, amount FROM orders WHERE id < %s ORDER BY id {EMEA}", [6])
            assert cursor.fetchall() == [{"id": 2, "amount": 20}, {"id": 4, "amount": 40}]
            cursor.execute("SELECT 1 AS one; SELECT 2 AS two")
            assert cursor.fetchall() == [{"two": 2}]
        with connection.cursor("held", withhold=True) as cursor:
            cursor.execute(f"SELECT id FROM orders {APAC}")
            connection.commit()
            assert len(cursor.fetchall()) == 20
        connection.set_client_encoding("UTF8")
        connection.close()

    await beside(work)


async def test_asyncpg_with_prepared_statements_cursors_a_pool_and_copy(shop: Shop, tmp_path: Path) -> None:
    async with asyncpg.create_pool(shop.url, min_size=1, max_size=2, ssl=False) as pool:
        for _ in range(3):  # each time it is given back it asks for a fresh start
            async with pool.acquire() as connection:
                statement = await connection.prepare(f"SELECT id, state, amount FROM orders WHERE id = $1 {EMEA}")
                assert await statement.fetchrow(2) == (2, "paid", Decimal(20))
                assert await connection.fetchval(f"SELECT max(id) FROM orders {APAC}") == 39
        async with pool.acquire() as connection:
            async with connection.transaction():
                rows = [row["id"] async for row in connection.cursor(f"SELECT id FROM orders {EMEA}", prefetch=3)]
            assert len(rows) == 20
            assert await connection.fetchval("SELECT $1::numeric", Decimal("1.50")) == Decimal("1.50")
            assert await connection.fetchval(f"SELECT array_agg(state) FROM orders {EMEA}") == ["paid"] * 20
            place = tmp_path / "copied.csv"
            done = await connection.copy_from_query(
                f"SELECT id, card_number FROM orders {EMEA}", output=place, format="csv"
            )
            assert done == "COPY 20"
            assert all(line.split(",")[1].startswith("•••• ") for line in place.read_text().splitlines())


async def test_sqlalchemy_with_transactions_and_streams(shop: Shop) -> None:
    def work() -> None:
        for driver in ("psycopg", "psycopg2"):
            engine = create_engine(shop.url.replace("postgresql://", f"postgresql+{driver}://"))
            with engine.begin() as connection:
                streamed = connection.execution_options(stream_results=True, max_row_buffer=5)
                rows = streamed.execute(
                    text(f"SELECT id, card_number FROM orders WHERE amount > :least {EMEA}"), {"least": 0}
                )
                assert len(list(rows)) == 20
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
                with connection.begin_nested() as inner:
                    connection.execute(text("INSERT INTO refunds (id, order_id, amount) VALUES (77, 2, 1)"))
                    inner.rollback()
                assert connection.execute(text("SELECT count(*) FROM refunds WHERE id = 77")).scalar() == 0
            engine.dispose()

    await beside(work)


async def test_node_postgres_with_parameters_prepared_statements_and_cursors(shop: Shop) -> None:
    folder = npm.installed("node-postgres", "client.mjs")
    arguments = ["node", str(folder / "client.mjs"), shop.url, EMEA]
    done = await beside(lambda: subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "prepared": [{"id": 6, "card_number": "•••• 1106"}],
        "rows": 20,
        "parts": [8, 8, 4],
        "refused": "42501",
        "failed": "22012",
        "after": 1,
    }


@pytest.mark.long
async def test_jdbc_with_fetch_sizes_server_prepared_statements_and_metadata(shop: Shop) -> None:
    if not JAR.exists():
        pytest.skip("the JDBC driver is not here: apt-get install libpostgresql-jdbc-java default-jdk-headless")
    source = Path(__file__).parents[3] / "assets" / "jdbc" / "Client.java"
    url = f"jdbc:postgresql://127.0.0.1:{shop.port}/shop?user=app"
    arguments = ["java", "-cp", str(JAR), str(source), url, EMEA]
    done = await beside(lambda: subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "tables numbers orders refunds",
        "columns id region state amount placed card_number",
        "key id",
        "rows 20",
        "fetched 20",
        "refused 42501",
        "after 1",
    ]

"""What an ordinary driver of PostgreSQL sees of a translated database."""

import asyncio
import datetime
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text

from bailiwick.core.events import Outcome
from bailiwick.core.grants import DayLimits
from tests.dataplane.gateways.engines.conftest import (
    APAC,
    BINDING,
    EMEA,
    GRANT,
    SLOW,
    TRACES,
    Door,
    file_backend,
    opened,
)
from tests.fixtures.waiting import until

pytestmark = pytest.mark.req("IN9")


async def test_parameters_and_types_go_through_in_text_and_in_binary(door: Door) -> None:
    sql = EMEA + (
        "SELECT id, price, day, placed, paid, item, id / 2.0 FROM orders"
        " WHERE id = %s AND day >= %s AND placed < %s AND price > %s AND item = %s AND paid = %s"
    )
    given = (
        3,
        datetime.date(2024, 4, 4),
        datetime.datetime.fromisoformat("2025-01-01"),
        Decimal("1.5"),
        "o'neil",
        True,
    )
    for binary in (False, True):
        (row,) = await door.ask(sql, *given, binary=binary)
        assert (row[0], row[2:]) == (
            3, (datetime.date(2024, 4, 4), datetime.datetime.fromisoformat("2024-03-04 10:03:00"), True, "o'neil", 1.5)
        )  # fmt: skip
        assert float(row[1]) == 3.75


async def test_a_statement_that_is_prepared_once_runs_often(door: Door) -> None:
    async with await psycopg.AsyncConnection.connect(door.url, prepare_threshold=0) as connection:
        for number in (1, 3, 5, 4):
            cursor = await connection.execute(EMEA + "SELECT id FROM orders WHERE id = %s", (number,))
            assert await cursor.fetchall() == ([(number,)] if number % 2 else [])
        assert await (await connection.execute(EMEA + "SELECT %s::int + 1", (1,))).fetchone() == (2,)
        assert await (await connection.execute("SHOW server_version")).fetchone() == ("16.0",)


async def test_sqlalchemy_works(door: Door) -> None:
    def use() -> list[tuple[object, ...]]:
        engine = create_engine(door.url.replace("postgresql://", "postgresql+psycopg://"))
        with engine.connect() as connection:
            found = connection.execute(text(EMEA + "SELECT id, item FROM orders WHERE id = :n"), {"n": 3}).fetchall()
        engine.dispose()
        return [tuple(row) for row in found]

    assert await asyncio.to_thread(use) == [(3, "o'neil")]


async def test_rows_are_written_only_where_the_person_may(door: Door) -> None:
    insert = EMEA + "INSERT INTO refunds (id, order_id, region, note) VALUES (%s, %s, %s, %s)"
    async with await psycopg.AsyncConnection.connect(door.url) as connection:
        cursor = await connection.execute(insert, (10, 1, "EMEA", "it's \\ new; -- /*"))
        assert cursor.rowcount == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="region"):
            await connection.execute(insert, (11, 1, "APAC", "not mine"))
        await connection.rollback()
        await connection.execute(insert, (10, 1, "EMEA", "it's \\ new; -- /*"))
        await connection.commit()
        cursor = await connection.execute(EMEA + "UPDATE refunds SET note = 'seen' WHERE id >= 1")
        assert cursor.rowcount == 4
        cursor = await connection.execute(EMEA + "DELETE FROM refunds WHERE id IN (2, 3)")
        assert cursor.rowcount == 1
        await connection.commit()
    assert await door.ask(APAC + "SELECT id, note FROM refunds") == [(2, "broken")]
    assert sorted(await door.ask(EMEA + "SELECT id, note FROM refunds")) == [(1, "seen"), (4, "seen"), (10, "seen")]
    literal = EMEA + "INSERT INTO refunds (id, order_id, region) VALUES (20, 1, 'APAC')"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await door.ask(literal)
    await door.ask(EMEA + "INSERT INTO refunds (id, order_id) VALUES (21, 1)")
    assert await door.ask(EMEA + "SELECT region FROM refunds WHERE id = 21") == [("EMEA",)]


async def test_a_transaction_is_whole_or_not_at_all(door: Door) -> None:
    count = EMEA + "SELECT count(*) FROM refunds"
    async with await psycopg.AsyncConnection.connect(door.url) as connection:
        await connection.execute(EMEA + "INSERT INTO refunds (id, order_id) VALUES (30, 1)")
        assert await (await connection.execute(count)).fetchone() == (4,)
        with pytest.raises(psycopg.Error):
            await connection.execute(EMEA + "SELECT nothing FROM refunds")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            await connection.execute(count)
        await connection.rollback()
        assert await (await connection.execute(count)).fetchone() == (3,)
        await connection.commit()
        async with connection.transaction():
            with pytest.raises(psycopg.Error):
                async with connection.transaction():
                    await connection.execute(EMEA + "SELECT nothing FROM refunds")
            assert await (await connection.execute(count)).fetchone() == (3,)
        with pytest.raises(psycopg.errors.IntegrityError):
            async with connection.pipeline():
                await connection.execute(EMEA + "INSERT INTO refunds (id, order_id) VALUES (31, 1)")
                await connection.execute(EMEA + "INSERT INTO refunds (id, order_id) VALUES (31, 1)")
        await connection.rollback()
        assert await (await connection.execute(count)).fetchone() == (3,)


async def test_savepoints_are_gone_back_to(door: Door) -> None:
    add = EMEA + "INSERT INTO refunds (id, order_id) VALUES (%s, 1)"
    async with await psycopg.AsyncConnection.connect(door.url) as connection:
        await connection.execute(add, (40,))
        await connection.execute("SAVEPOINT point")
        await connection.execute(add, (41,))
        if door.dialect == "duckdb":
            with pytest.raises(psycopg.errors.FeatureNotSupported):
                await connection.execute("ROLLBACK TO point")
            return
        with pytest.raises(psycopg.errors.IntegrityError):
            await connection.execute(add, (40,))
        await connection.execute("ROLLBACK TO point")
        await connection.commit()
    assert await door.ask(EMEA + "SELECT id FROM refunds WHERE id >= 40") == [(40,)]


async def test_every_statement_is_audited_with_who_ran_it(door: Door) -> None:
    await door.ask(EMEA + "SELECT id FROM orders WHERE item = 'pear'")
    with pytest.raises(psycopg.Error):
        await door.ask(EMEA + "SELECT string_agg(item, ',') FROM orders")
    executed, refused = door.events
    assert (executed.actor, executed.trace, executed.context["tables"]) == (
        "user:emea@example.com", next(iter(TRACES)), ("orders",)
    )  # fmt: skip
    assert "pear" not in str(executed.context["statement"])
    assert executed.context["rows"] == len(await door.ask(EMEA + "SELECT id FROM orders WHERE item = 'pear'"))
    assert (refused.outcome, refused.deciders) == (Outcome.REFUSED, ("translation",))


async def until_asked(door: Door) -> None:
    """Wait until the database was asked for the rows of a statement."""

    def asked() -> bool:
        return any(session._runner.busy and session._runner._current for session in door.gateway.sessions)  # type: ignore[attr-defined]

    await asyncio.to_thread(until, asked)


async def test_cancelling_ends_what_runs(door: Door) -> None:
    async with await psycopg.AsyncConnection.connect(door.url) as connection:
        running = asyncio.create_task(connection.execute(EMEA + SLOW))
        await until_asked(door)
        await connection.cancel_safe()
        with pytest.raises(psycopg.errors.QueryCanceled):
            await running
        await connection.rollback()
        assert await (await connection.execute(EMEA + "SELECT 1")).fetchone() == (1,)


async def test_whose_credentials_end_has_nothing_running(door: Door) -> None:
    connection = await psycopg.AsyncConnection.connect(door.url)
    running = asyncio.create_task(connection.execute(EMEA + SLOW))
    await until_asked(door)
    door.gateway.end_using("another")
    assert not running.done()
    door.gateway.end_using("orders-db")
    with pytest.raises(psycopg.OperationalError):
        await running
    assert await door.ask(EMEA + "SELECT 1") == [(1,)]


async def test_a_result_is_read_in_parts_and_given_up(door: Door) -> None:
    many = EMEA + "SELECT a.id, b.email FROM orders a, orders b, orders c"
    async with await psycopg.AsyncConnection.connect(door.url) as connection:
        rows = 0
        async for _ in connection.cursor().stream(many):
            rows += 1
        assert rows == 30**3
        cursor = connection.cursor()
        async for _ in cursor.stream(many):
            break
        await connection.rollback()
        assert await (await connection.execute(EMEA + "SELECT 2")).fetchone() == (2,)


async def test_errors_say_nothing_of_rows(door: Door) -> None:
    for sql in (
        "INSERT INTO refunds (id, order_id, note) VALUES (2, 1, 'x')",
        "INSERT INTO refunds (id, order_id) VALUES (NULL, 'secret-9')",
    ):
        with pytest.raises(psycopg.Error) as caught:
            await door.ask(EMEA + sql)
        assert "secret" not in str(caught.value).replace("'secret-9'", "")
        assert "APAC" not in str(caught.value) and "broken" not in str(caught.value)


async def test_what_may_pass_in_a_day_holds_for_translated_databases_too(sqlite_path: Path) -> None:
    tables = tuple(
        table.model_copy(update={"per_day": DayLimits.model_validate({"app": {"rows": 6}})}) for table in GRANT.tables
    )
    grant = GRANT.model_copy(update={"tables": tables})
    door = await opened(replace(BINDING, grant=grant), file_backend("sqlite", sqlite_path, grant=grant))
    assert len(await door.ask("SELECT item, weight FROM items")) == 4
    with pytest.raises(psycopg.OperationalError, match="6 rows of items"):
        await door.ask("SELECT item FROM items")
    assert [event.context["rows"] for event in door.events if event.action == "query.executed"] == [4, 0]
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
        await door.ask("SELECT item FROM items LIMIT 1")
    assert len(await door.ask(f"{EMEA} SELECT id FROM refunds LIMIT 1")) == 1
    door.close()  # type: ignore[attr-defined]

"""COPY, cursors and several statements in one text: each query in them is rewritten, and each row is somebody's."""

import asyncio

import psycopg
import pytest

from bailiwick.core.policy import Decision
from tests.fixtures.shop import APAC, EMEA, HIDDEN, Shop
from tests.fixtures.waiting import until

pytestmark = pytest.mark.req("IN3", "IN7")


async def copied(shop: Shop, sql: str) -> bytes:
    async with (
        await psycopg.AsyncConnection.connect(shop.url, autocommit=True) as connection,
        connection.cursor().copy(sql) as copy,  # type: ignore[arg-type]
    ):
        return b"".join([bytes(part) async for part in copy])


@pytest.mark.parametrize(
    "statement",
    [
        "COPY orders TO STDOUT",
        "COPY orders (id, region, card_number) TO STDOUT",
        "COPY public.orders TO STDOUT WITH (FORMAT csv, HEADER)",
        "COPY (SELECT * FROM orders) TO STDOUT",
        "COPY (TABLE orders) TO STDOUT WITH CSV",
        "COPY (WITH o AS (SELECT * FROM orders) SELECT * FROM o ORDER BY 1) TO STDOUT (DELIMITER '|', NULL '-')",
        "COPY (SELECT * FROM orders UNION ALL SELECT * FROM orders WHERE region = 'APAC') TO STDOUT",
        "COPY orders TO STDOUT WITH BINARY",
    ],
)
async def test_copy_gives_the_rows_and_masks_of_the_person(shop: Shop, statement: str) -> None:
    said = await copied(shop, f"{statement} {EMEA}")
    assert said.count(b"EMEA") == 20
    assert b"APAC" not in said and b"4000" not in said
    assert not any(word.encode() in said for word in HIDDEN)
    assert shop.events[-1].context["operation"] == "copy"
    assert (shop.events[-1].context["rows"], shop.events[-1].context["tables"]) == (20, ("orders",))
    assert shop.events[-1].actor == "user:emea@example.com"


@pytest.mark.parametrize(
    "statement",
    [
        "COPY payroll.salaries TO STDOUT",
        "COPY orders (secret_note) TO STDOUT",
        "COPY (SELECT secret_note FROM orders) TO STDOUT",
        "COPY (SELECT amount FROM payroll.salaries) TO STDOUT",
        "COPY (INSERT INTO refunds (id) VALUES (9) RETURNING secret_note) TO STDOUT",
        "COPY (UPDATE refunds SET amount = 1 RETURNING *) TO STDOUT",
        "COPY refunds (id) FROM STDIN",
        "COPY refunds FROM '/etc/passwd'",
        "COPY refunds FROM PROGRAM 'id'",
        "COPY orders TO '/tmp/stolen'",
        "COPY orders TO PROGRAM 'cat'",
        "COPY pg_authid TO STDOUT",
        "COPY (SELECT rolpassword FROM pg_authid) TO STDOUT",
        "COPY orders TO STDOUT WITH (ENCODING 'SJIS')",
        "COPY (SELECT pg_sleep(9)) TO STDOUT",
        "DECLARE c CURSOR FOR SELECT amount FROM payroll.salaries",
        "DECLARE c CURSOR FOR UPDATE refunds SET amount = 1 RETURNING secret_note",
        "DECLARE c CURSOR FOR SELECT secret_note FROM orders FOR UPDATE",
        "FETCH ALL FROM never_declared",
        "SELECT 1; SELECT amount FROM payroll.salaries",
        "SELECT 1;" * 21,
        "SELECT 1; COPY payroll.salaries TO STDOUT",
        "BEGIN; DROP TABLE orders; COMMIT",
        "DISCARD",
        "PREPARE p AS SELECT secret_note FROM orders",
        "EXECUTE p",
    ],
)
async def test_no_copy_cursor_or_script_goes_around_the_grant(shop: Shop, statement: str) -> None:
    with pytest.raises(psycopg.Error) as caught:
        await shop.ask(f"{statement} {EMEA}")
    assert "secret_note of" not in str(caught.value)


async def test_a_string_means_the_same_to_the_database_as_to_the_gateway(shop: Shop) -> None:
    """Where a backslash escapes quotes, what we take for a string ends early, and the rest of it is run."""
    attack = r"SELECT '\'', (SELECT count(*) FROM pg_catalog.pg_roles) --'"
    for setting in (
        "SET standard_conforming_strings = off",
        "SET SESSION standard_conforming_strings TO 'off'",
        "SET standard_conforming_strings = 0",
        "SET client_encoding = 'SJIS'",
        "SET NAMES 'BIG5'",
        "BEGIN; SET LOCAL standard_conforming_strings = off",
        "SELECT set_config('standard_conforming_strings', 'off', false)",
    ):
        async with await psycopg.AsyncConnection.connect(shop.url, autocommit=True) as connection:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(setting)  # type: ignore[arg-type]
            cursor = await connection.execute(attack)  # type: ignore[arg-type]
            assert await cursor.fetchall() == [(attack.removeprefix("SELECT '").replace("''", "'")[:-1],)]
    async with await psycopg.AsyncConnection.connect(shop.url, autocommit=True) as connection:
        await connection.execute("SET standard_conforming_strings = on")
        await connection.execute("SET client_encoding TO 'UTF8'")


async def test_a_cursor_is_the_persons_for_whom_it_was_declared(shop: Shop) -> None:
    async with await psycopg.AsyncConnection.connect(shop.url) as connection:
        await connection.execute(f"DECLARE mine CURSOR FOR SELECT * FROM orders {EMEA}")
        cursor = await connection.execute("FETCH 3 FROM mine")
        assert {row[1] for row in await cursor.fetchall()} == {"EMEA"}
        event = shop.events[-1]
        assert (event.actor, event.context["tables"], event.context["rows"]) == (
            "user:emea@example.com",
            ("orders",),
            3,
        )
        with pytest.raises(psycopg.errors.InvalidCursorName, match="another request"):
            await connection.execute(f"FETCH 3 FROM mine {APAC}")


async def test_policy_is_asked_for_each_fetch_about_whom_the_cursor_is_for(shop: Shop) -> None:
    """An integration that demands a person is read by a driver whose FETCH carries no trace."""
    people = {"user:emea@example.com"}
    shop.gateway.authorize = lambda identity, _: Decision(str(identity.principal) in people, "people only", ("some",))
    async with await psycopg.AsyncConnection.connect(shop.url) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="people only"):
            await connection.execute("DECLARE mine CURSOR FOR SELECT n FROM numbers")
        await connection.rollback()
        await connection.execute(f"DECLARE mine CURSOR FOR SELECT * FROM orders {EMEA}")
        assert len(await (await connection.execute("FETCH 3 FROM mine")).fetchall()) == 3
        people.clear()
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="people only"):
            await connection.execute("FETCH 3 FROM mine")
        assert (shop.events[-1].action, shop.events[-1].actor) == ("query.refused", "user:emea@example.com")
        assert shop.events[-1].deciders == ("some",)
        await connection.rollback()


async def test_a_cursor_ends_with_the_request_it_was_declared_in(shop: Shop) -> None:
    async with await psycopg.AsyncConnection.connect(shop.url) as connection:
        await connection.execute(f"DECLARE mine CURSOR WITH HOLD FOR SELECT * FROM orders {EMEA}")
        await connection.commit()
        assert await (await connection.execute("FETCH 1 FROM mine")).fetchone()
        await connection.commit()
        shop.calls.pop("a" * 32)
        with pytest.raises(psycopg.Error, match="request that is over"):
            await connection.execute("FETCH 1 FROM mine")
        await connection.rollback()
        # Nor under another person's request, nor by the name that the protocol has for it.
        with pytest.raises(psycopg.Error, match="request that is over"):
            await connection.execute(f"FETCH 1 FROM mine {APAC}")


async def test_a_name_given_anew_is_the_new_persons_only(shop: Shop) -> None:
    async with await psycopg.AsyncConnection.connect(shop.url) as connection:
        await connection.execute(f"DECLARE c CURSOR FOR SELECT * FROM orders {EMEA}")
        await connection.execute("SAVEPOINT s")
        # The name is taken: the old meaning stays, for the old person.
        with pytest.raises(psycopg.errors.DuplicateCursor):
            await connection.execute(f"DECLARE c CURSOR FOR SELECT * FROM orders {APAC}")
        await connection.execute("ROLLBACK TO s")
        shop.calls.pop("a" * 32)
        with pytest.raises(psycopg.Error, match="request that is over"):
            await connection.execute("FETCH 1 FROM c")
        await connection.execute("ROLLBACK TO s")
        await connection.execute("CLOSE c")
        await connection.execute(f"DECLARE c CURSOR FOR SELECT * FROM orders {APAC}")
        assert {row[1] for row in await (await connection.execute("FETCH ALL FROM c")).fetchall()} == {"APAC"}


async def test_each_statement_of_a_text_is_audited(shop: Shop) -> None:
    await shop.ask("SELECT n FROM numbers LIMIT 3; SELECT 1; SELECT n FROM numbers LIMIT 5")
    assert [event.context["rows"] for event in shop.events] == [3, 1, 5]
    assert len({event.context["fingerprint"] for event in shop.events}) == 2


async def test_cancel_reaches_the_own_statement_and_no_other(shop: Shop) -> None:
    slow = "SELECT count(*) FROM numbers a, numbers b, numbers c"
    async with (
        await psycopg.AsyncConnection.connect(shop.url, autocommit=True) as one,
        await psycopg.AsyncConnection.connect(shop.url, autocommit=True) as other,
    ):
        first, second = asyncio.create_task(one.execute(slow)), asyncio.create_task(other.execute(slow))
        await asyncio.to_thread(until, lambda: running(shop) == 2)
        await one.cancel_safe()
        with pytest.raises(psycopg.errors.QueryCanceled):
            await first
        assert not second.done() and await asyncio.to_thread(running, shop) == 1
        # Whoever knows no key of ours cancels nothing.
        async with await psycopg.AsyncConnection.connect(shop.url) as stranger:
            await stranger.cancel_safe()
        assert await asyncio.to_thread(running, shop) == 1
        await other.cancel_safe()
        with pytest.raises(psycopg.errors.QueryCanceled):
            await second


def running(shop: Shop) -> int:
    """Return how many statements the database works on for the gateway."""
    with psycopg.connect(shop.database.url("gateway_shop")) as owner:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'shop_app' AND state = 'active'"
        (found,) = owner.execute(asked).fetchone() or (0,)
        return int(found)


async def test_an_error_tells_nothing_of_what_is_not_granted(shop: Shop) -> None:
    async with await psycopg.AsyncConnection.connect(shop.url, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.CheckViolation) as caught:  # PostgreSQL's DETAIL is the whole row
            await connection.execute("UPDATE refunds SET amount = -1 WHERE id = 1")
        told = caught.value.diag
        assert told.constraint_name == "refunds_amount_check"
        assert told.message_detail is None and told.internal_query is None and told.statement_position is None
        with pytest.raises(psycopg.errors.UndefinedColumn) as hinted:
            await connection.execute(f"SELECT secret_not FROM orders {EMEA}")
        assert hinted.value.diag.message_hint is None
        with pytest.raises(psycopg.errors.UniqueViolation) as taken:
            await connection.execute("INSERT INTO refunds (id, amount) VALUES (1, 1)")
        assert taken.value.diag.message_detail is None

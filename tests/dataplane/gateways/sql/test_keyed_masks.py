"""Masks with the organisation's key through the gateway: what they come to, and that nobody else sees the key."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from random import Random

import psycopg
import pytest

from bailiwick.core.grants import NOISE_PERCENT, ColumnGrant, DataGrant, Mask, Operation, TableGrant
from bailiwick.core.keyed_masks import hashed, moved, moved_float, other_digits, pads
from bailiwick.dataplane.gateways.sql.keyed import SETTING, keyed
from bailiwick.dataplane.gateways.sql.rewrite import rewrite
from bailiwick.store.embedded import EmbeddedPostgres
from tests.fixtures.attacked import COMMENT, MASK_KEY, Attacked, attacked, attacked_database

__all__ = ["attacked", "attacked_database"]


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what a database does on its own time."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - nobody tells when it has done it
            await asyncio.sleep(0.02)


def rows(attacked: Attacked, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(attacked.through, autocommit=True) as connection:
        return connection.execute(f"{statement} {COMMENT}".encode()).fetchall()


@pytest.mark.req("IN7")
async def test_the_same_value_comes_to_the_same_and_can_be_joined_by(attacked: Attacked) -> None:
    (found,) = await asyncio.to_thread(rows, attacked, "SELECT email, phone FROM people WHERE id = 7")
    assert found == (hashed("CANARY.7@mail.example", MASK_KEY), other_digits("+49 30 90180007", MASK_KEY))
    joined = "SELECT count(*) FROM people a JOIN people b ON a.email = b.email AND a.phone = b.phone"
    assert await asyncio.to_thread(rows, attacked, joined) == [(50,)]
    looked_up = f"SELECT id FROM people WHERE phone = '{found[1]}' AND email = '{found[0]}'"
    assert await asyncio.to_thread(rows, attacked, looked_up) == [(7,)]


@pytest.mark.req("IN7")
async def test_noise_is_bounded_and_stays_as_often_as_somebody_asks(attacked: Attacked) -> None:
    first = await asyncio.to_thread(rows, attacked, "SELECT id, salary FROM people ORDER BY id")
    again = await asyncio.to_thread(rows, attacked, "SELECT id, salary + 0 FROM people ORDER BY id")
    assert first == again
    moved = [abs(float(str(shown)) / (50_000 + int(str(number))) - 1) for number, shown in first]
    assert max(moved) <= 0.1
    assert max(moved) > 0.05
    assert len({round(share, 4) for share in moved}) > 40


@pytest.mark.req("IN7")
async def test_a_session_that_was_given_back_still_has_the_key_and_statements_do_not(attacked: Attacked) -> None:
    def ask() -> tuple[list[object], str]:
        with psycopg.connect(attacked.through, autocommit=True) as connection:
            connection.execute("DISCARD ALL")
            connection.execute("RESET ALL")
            shown = connection.execute(f"SELECT email FROM people WHERE id = 7 {COMMENT}".encode()).fetchone()
            with psycopg.connect(attacked.straight, autocommit=True) as owner:
                seen = owner.execute("SELECT string_agg(s::text, ' ') FROM pg_stat_activity s").fetchone()
        assert shown is not None
        assert seen is not None
        return list(shown), str(seen[0])

    shown, seen = await asyncio.to_thread(ask)
    assert shown == [hashed("CANARY.7@mail.example", MASK_KEY)]
    assert SETTING in seen
    assert pads(MASK_KEY).hex()[:32] not in seen
    assert MASK_KEY.hex() not in seen


@pytest.mark.req("IN7", "SE1")
async def test_the_key_is_not_in_the_database_s_log_whatever_that_logs(
    attacked: Attacked, attacked_database: EmbeddedPostgres
) -> None:
    everything = {
        "log_statement": "all", "log_connections": "on", "log_duration": "on", "log_min_messages": "debug1",
        "log_min_duration_statement": "0", "debug_print_plan": "on", "debug_print_rewritten": "on",
    }  # fmt: skip
    with psycopg.connect(attacked_database.url("postgres"), autocommit=True) as owner:
        for name, value in everything.items():
            owner.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
        owner.execute("SELECT pg_reload_conf()")
        try:
            await until(lambda: owner.execute("SHOW log_statement").fetchone() == ("all",))
            await asyncio.to_thread(rows, attacked, "SELECT phone FROM people WHERE id = 7")
            with pytest.raises(psycopg.Error):
                await asyncio.to_thread(rows, attacked, "SELECT 1 / (id - 7) FROM people WHERE phone <> ''")
        finally:
            for name in everything:
                owner.execute(f"ALTER SYSTEM RESET {name}".encode())
            owner.execute("SELECT pg_reload_conf()")
    log = (attacked_database.data.parent / f"{attacked_database.data.name}.log").read_text(errors="replace")
    assert "FROM public.people" in log or 'FROM "public"."people"' in log
    assert SETTING in log
    for part in (MASK_KEY.hex(), pads(MASK_KEY).hex()[:24], pads(MASK_KEY).hex()[-24:]):
        assert part not in log


@pytest.mark.req("IN7")
async def test_a_hash_cannot_be_made_by_somebody_who_has_no_key(attacked: Attacked) -> None:
    words = "convert_to('hash:CANARY.7@mail.example', 'UTF8')"
    made = [
        f"SELECT count(*) FROM people WHERE email = left(encode(sha256({text}), 'hex'), 32)"
        for text in ("'hash:CANARY.7@mail.example'", "'CANARY.7@mail.example'")
    ]
    assert [await asyncio.to_thread(rows, attacked, text) for text in made] == [[(0,)], [(0,)]]
    with pytest.raises(psycopg.Error, match="not passed on"):
        await asyncio.to_thread(rows, attacked, f"SELECT sha256({words})")


@pytest.mark.req("IN7")
def test_the_database_makes_what_the_standard_says_of_any_text(postgres: EmbeddedPostgres) -> None:
    random = Random(7)
    texts = ["", "12345", "é123456", "123456\n", "+49 (30) 901-820", "Ab-123456-c", "0" * 36, "1" * 37, "1234567" * 20]
    texts += ["".join(random.choices("0123456789", k=length)) for length in range(6, 37)]
    texts += ["".join(random.choices("0123456789-Xy .", k=random.randint(5, 60))) for _ in range(100)]
    options = f"-c {SETTING}={pads(MASK_KEY).hex()}"
    with psycopg.connect(postgres.url("postgres"), options=options) as connection:
        connection.execute("CREATE TEMP TABLE texts (x text)")
        connection.cursor().executemany("INSERT INTO texts VALUES (%s)", [(text,) for text in [*texts, None]])
        for mask, made in ((Mask.HASH, hashed), (Mask.DIGITS, other_digits)):
            shown = connection.execute(f"SELECT x, {keyed('x', mask)} FROM texts".encode()).fetchall()
            assert [(x, y) for x, y in shown if y != (None if x is None else made(x, MASK_KEY))] == []


@pytest.mark.req("IN7")
@pytest.mark.parametrize("kind", ["int2", "int8", "numeric", "numeric(12,2)", "float4", "float8"])
def test_noise_fails_on_no_number(postgres: EmbeddedPostgres, kind: str) -> None:
    values = ["0", "-7", "1", "30000", "-30000", *(["NaN"] if kind not in {"int2", "int8"} else [])]
    values += ["Infinity", "1e-30", "3e38"] if kind.startswith("float") else []
    options = f"-c {SETTING}={pads(MASK_KEY).hex()}"
    with psycopg.connect(postgres.url("postgres"), options=options) as connection:
        connection.execute(f"CREATE TEMP TABLE numbers (x {kind})".encode())
        connection.cursor().executemany("INSERT INTO numbers VALUES (%s)", [(value,) for value in [*values, None]])
        for mask, most in ((Mask.NOISE5, 0.05), (Mask.NOISE10, 0.1), (Mask.NOISE25, 0.25)):
            query = f"SELECT x, {keyed('x', mask)} FROM numbers"
            for given, shown in connection.execute(query.encode()).fetchall():
                if shown is not None:
                    half = 0.5 if kind.startswith("int") else 0.006
                    assert abs(float(shown) - float(given)) <= most * abs(float(given)) + half
                else:
                    assert given is None or not abs(float(given)) < 1e15


@pytest.mark.req("IN7", "IN9")
@pytest.mark.parametrize("kind", ["int8", "numeric", "numeric(12,2)", "float8"])
def test_the_gateway_makes_the_noise_that_the_database_makes(postgres: EmbeddedPostgres, kind: str) -> None:
    random = Random(11)
    values = ["0", "-7", "1000000000000000", "1000000001"] if kind != "numeric(12,2)" else ["0.00", "-0.01", "2.50"]
    values += [str(random.randint(-(10**places), 10**places)) for places in range(1, 10) for _ in range(10)]
    if kind in {"numeric", "float8"}:
        values += [f"{random.uniform(-1, 1) * 10**places:.{random.randint(0, 9)}f}" for places in range(15)]
        values += ["1e-30", "1000000000000000.1", "1000000000000001", "-0"]
    values += ["NaN", "Infinity", "-Infinity", "3e38", "1e15"] if kind == "float8" else []
    options = f"-c {SETTING}={pads(MASK_KEY).hex()}"
    with psycopg.connect(postgres.url("postgres"), options=options) as connection:
        connection.execute(f"CREATE TEMP TABLE exact (x {kind})".encode())
        connection.cursor().executemany("INSERT INTO exact VALUES (%s)", [(value,) for value in values])
        for mask, percent in NOISE_PERCENT.items():
            query = f"SELECT x, {keyed('x', mask)} FROM exact"
            for given, shown in connection.execute(query.encode()).fetchall():
                found = (
                    moved_float(given, percent, MASK_KEY)
                    if kind == "float8"
                    else moved(+Decimal(given), percent, MASK_KEY)
                )
                assert repr(shown) == repr(found), given


@pytest.mark.req("IN7")
def test_without_the_key_and_of_what_is_no_number_nothing_is_shown(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE TEMP TABLE nothing (x text)")
        # No row is there: it is the statement that fails, whatever the values are.
        with pytest.raises(psycopg.errors.UndefinedFunction):
            connection.execute(f"SELECT {keyed('x', Mask.NOISE5)} FROM nothing".encode())
        connection.execute("INSERT INTO nothing VALUES ('123456')")
        for mask in (Mask.HASH, Mask.DIGITS):
            with pytest.raises(psycopg.errors.UndefinedObject):
                connection.execute(f"SELECT {keyed('x', mask)} FROM nothing".encode())


@pytest.mark.req("IN7")
def test_the_key_stands_in_no_statement() -> None:
    columns = tuple(ColumnGrant(name=mask.value, mask=mask) for mask in Mask if mask.is_keyed)
    table = TableGrant(relation="t", operations=frozenset({Operation.SELECT}), columns=columns)
    sql = rewrite("SELECT * FROM t", DataGrant(integration="x", tables=(table,)), {}).sql
    assert MASK_KEY.hex() not in sql
    assert SETTING in sql

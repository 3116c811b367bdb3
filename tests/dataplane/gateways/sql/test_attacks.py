"""Attempts to get past a grant. Each is tried on the database itself first: where it fails there it proves nothing."""

import asyncio

import psycopg
import pytest

from tests.dataplane.gateways.sql.attacks import ACTS, GUESSES, READS
from tests.fixtures.attacked import COMMENT, Attacked, attacked, attacked_database

__all__ = ["attacked", "attacked_database"]


@pytest.mark.req("IN7")
@pytest.mark.parametrize("gain", READS)
async def test_nothing_that_is_not_granted_comes_out(attacked: Attacked, gain: str) -> None:
    statements = READS[gain]
    straight = await asyncio.to_thread(attacked.try_straight, statements)
    assert [text for text, got in zip(statements, straight, strict=True) if "CANARY" not in got.text] == []
    through = await asyncio.to_thread(attacked.try_through, statements)
    assert [(text, got.text) for text, got in zip(statements, through, strict=True) if "CANARY" in got.text] == []


@pytest.mark.req("IN7")
async def test_a_right_guess_and_a_wrong_one_look_the_same(attacked: Attacked) -> None:
    right = [statement.replace("{g}", guess) for statement, guess, _ in GUESSES]
    wrong = [statement.replace("{g}", guess) for statement, _, guess in GUESSES]
    straight = [await asyncio.to_thread(attacked.try_straight, texts) for texts in (right, wrong)]
    assert [text for text, one, other in zip(right, *straight, strict=True) if one == other] == []
    told = [await asyncio.to_thread(attacked.try_through, texts) for texts in (right, wrong)]
    differing = []
    for (_, guess, other), text, one, two in zip(GUESSES, right, *told, strict=True):
        # An error may repeat what the statement itself says.
        alike = one.state == two.state and one.text.replace(guess, "") == two.text.replace(other, "")
        if one != two and not alike:
            differing.append((text, one, two))
    assert differing == []


@pytest.mark.req("IN7")
@pytest.mark.parametrize("gain", ACTS)
async def test_what_would_do_something_else_is_refused(attacked: Attacked, gain: str) -> None:
    statements = ACTS[gain]
    straight = await asyncio.to_thread(attacked.try_straight, statements)
    assert [(text, got.text) for text, got in zip(statements, straight, strict=True) if got.state != "00000"] == []
    through = await asyncio.to_thread(attacked.try_through, statements)
    assert [(text, got.text) for text, got in zip(statements, through, strict=True) if got.state == "00000"] == []


@pytest.mark.req("IN7")
async def test_what_is_allowed_still_works_and_sees_its_own_rows_only(attacked: Attacked) -> None:
    statements = [
        "SELECT count(*), min(region), max(right(card, 4)), max(born) FROM public.orders",
        "SELECT f, g.n FROM unnest(ARRAY['a', 'b']) WITH ORDINALITY AS f(f, i), generate_series(1, 1) AS g(n)",
        "SELECT generate_series FROM generate_series(1, 2)",
        "SELECT key, value FROM jsonb_each('{\"a\": 1}')",
        "SELECT (e).key FROM jsonb_each('{\"a\": 1}') AS e",
        "SELECT (orders).id FROM public.orders WHERE (orders).id = 4",
        "SELECT (jsonb_each('{\"a\": 1}')).key",
        "SELECT public.orders.id FROM public.orders WHERE orders.id = 2",
        "UPDATE public.refunds SET amount = amount + 1 RETURNING order_id, amount",
        "INSERT INTO public.refunds (order_id, amount) VALUES (4, 500), (6, '499.5') RETURNING region, amount",
        "SET statement_timeout = '5s'",
        "SET client_encoding = 'UTF8'",
    ]
    through = await asyncio.to_thread(attacked.try_through, statements)
    assert [got.text for got in through] == [
        "1 [(100, 'EMEA', '0200', datetime.date(1990, 1, 1))]",
        "2 [('a', 1), ('b', 1)]",
        "2 [(1,), (2,)]",
        "1 [('a', 1)]",
        "1 [('a',)]",
        "1 [(4,)]",
        "1 [('a',)]",
        "1 [(2,)]",
        "1 [(2, Decimal('7.00'))]",
        "2 [('EMEA', Decimal('500.00')), ('EMEA', Decimal('499.50'))]",
        "-1 ",
        "-1 ",
    ]


@pytest.mark.req("IN7")
async def test_a_trigger_that_goes_wrong_is_told_of_without_its_words(attacked: Attacked) -> None:
    texts = [f"UPDATE public.refunds SET amount = {amount}" for amount in (13, 14, -1, 501)]
    raised, noticed, unfit, unchecked = await asyncio.to_thread(attacked.try_through, texts)
    assert (raised.state, noticed.state, unfit.state, unchecked.state) == ("P0001", "00000", "23514", "42501")
    assert "a function of the database says something that is not passed on (P0001)" in raised.text
    assert "a row would not meet a check" in unfit.text
    assert "amount is not one that this person may write" in unchecked.text
    with psycopg.connect(attacked.straight) as owner:
        assert owner.execute("SELECT amount FROM public.refunds ORDER BY id").fetchall() == [(5,), (6,)]


@pytest.mark.req("IN7")
@pytest.mark.parametrize(
    ("name", "oid", "right", "wrong"),
    [
        ("regclass", 2205, "public.vault", "public.nothing"),
        ("regclass[]", 2210, "{public.vault}", "{public.nothing}"),
        ("regrole", 4096, '"CANARY_ROLE"', "nobody"),
        ("regproc", 24, "public.leak", "public.nothing"),
        ("regprocedure", 2202, "public.leak(text)", "public.nothing()"),
        ("regnamespace", 4089, '"CANARY_SCHEMA"', "nothing"),
        ("regtype", 2206, "public.leaky", "public.nothing"),
    ],
)
async def test_the_type_of_a_parameter_does_not_tell_which_names_there_are(
    attacked: Attacked, name: str, oid: int, right: str, wrong: str
) -> None:
    def ask(url: str, comment: str, value: str) -> tuple[int, bytes]:
        with psycopg.connect(url, autocommit=True) as connection:
            text = f"SELECT 1 WHERE $1 IS NOT NULL {comment}"
            answer = connection.pgconn.exec_params(text.encode(), [value.encode()], [oid])
            return answer.status, answer.error_field(psycopg.pq.DiagnosticField.SQLSTATE) or b""

    straight = [await asyncio.to_thread(ask, attacked.straight, "", value) for value in (right, wrong)]
    assert straight[0] != straight[1], name
    through = [await asyncio.to_thread(ask, attacked.through, COMMENT, value) for value in (right, wrong)]
    assert through[0] == through[1] == (psycopg.pq.ExecStatus.FATAL_ERROR, b"42501")

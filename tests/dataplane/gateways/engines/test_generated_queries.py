"""Queries put together by chance: each gives what PostgreSQL gives, or is refused with a reason."""

import random

import pytest

from tests.dataplane.gateways.engines.conftest import EMEA, Door
from tests.dataplane.gateways.engines.test_same_rows import answer

NUMBERS = ("o.id", "o.amount", "o.amount + 1", "o.id * 2 - o.amount", "length(o.item)", "- o.id", "abs(o.amount)",
           "o.id / 3", "o.id % 4", "NULLIF(o.amount, 2)", "coalesce(o.amount, 0)", "3", "o.day - date '2024-01-01'",
           "(SELECT max(i.id) FROM refunds i WHERE i.order_id = o.id)", "CAST(o.item AS int)",
           "o.id / o.amount")  # fmt: skip
TEXTS = ("o.item", "o.region", "upper(o.item)", "o.item || '-'", "o.email", "o.card", "CAST(o.id AS text)",
         "coalesce(o.item, 'x')", "CASE WHEN o.paid THEN o.item ELSE o.region END", "left(o.item, 2)", "'pear'",
         "replace(o.item, 'p', 'P')", "concat(o.item, o.id)", "initcap(o.item)",
         "substring(o.email from 2 for 3)")  # fmt: skip
SOURCES = ("orders o", "orders o JOIN refunds r ON r.order_id = o.id", "orders o LEFT JOIN items t ON t.item = o.item",
           "(SELECT * FROM orders WHERE amount > 0) o", "orders o, refunds r", "orders o JOIN items t USING (item)",
           "orders o LEFT JOIN (SELECT order_id, count(*) AS n FROM refunds GROUP BY 1) r ON r.order_id = o.id",
           )  # fmt: skip
AGGREGATES = ("count(*)", "count(DISTINCT {t})", "sum({n})", "min({t})", "max({n})", "avg({n})",
              "sum({n}) FILTER (WHERE {c})", "count({t})", "string_agg({t}, ',')")  # fmt: skip
QUERIES = 40


def condition(chance: random.Random, depth: int = 0) -> str:
    number, other, text, more = (chance.choice(pieces) for pieces in (NUMBERS, NUMBERS, TEXTS, TEXTS))
    forms = [
        f"{number} {chance.choice(('=', '<', '>=', '<>'))} {other}", f"{text} {chance.choice(('=', '<', '<>'))} {more}",
        f"{text} LIKE '%{chance.choice(('p', 'e_', 'A', '100'))}%'", f"{number} BETWEEN 1 AND 20", f"{text} IS NULL",
        f"{number} IN (1, 2, {other})", f"{text} IS DISTINCT FROM {more}", "o.paid", "o.day > '2024-06-01'",
        "o.id IN (SELECT order_id FROM refunds)", "EXISTS (SELECT 1 FROM refunds x WHERE x.order_id = o.id)",
    ]  # fmt: skip
    if depth < 2:
        inner = condition(chance, depth + 1)
        forms += [f"NOT ({inner})", f"({inner} AND {condition(chance, depth + 1)})", f"({inner} OR {forms[0]})"]
    return chance.choice(forms)


def query(chance: random.Random) -> str:
    number, text = chance.choice(NUMBERS), chance.choice(TEXTS)
    source = f"FROM {chance.choice(SOURCES)} WHERE {condition(chance)}"
    match chance.randrange(5):
        case 0:
            made = chance.choice(AGGREGATES).format(n=number, t=text, c=condition(chance))
            return f"SELECT {text} AS k, {made} {source} GROUP BY {text}"
        case 1:
            made = chance.choice(AGGREGATES).format(n=number, t=text, c=condition(chance))
            return f"SELECT {made}, {chance.choice(AGGREGATES[:1])} {source}"
        case 2:
            return f"SELECT DISTINCT {text} AS k, {number} AS v {source} ORDER BY k, v DESC LIMIT 9"
        case 3:
            word = chance.choice(("UNION", "UNION ALL", "EXCEPT", "INTERSECT"))
            return (
                f"SELECT {text} {source} {word} SELECT {chance.choice(TEXTS)} FROM orders o WHERE {condition(chance)}"
            )
        case _:
            return f"SELECT o.id AS i, {text} AS k, {number} AS v {source} ORDER BY k NULLS FIRST, v, i"


@pytest.mark.req("IN9")
@pytest.mark.timeout(180)
async def test_generated_queries_give_the_same_rows_or_are_refused(door: Door, postgres_door: Door) -> None:
    chance = random.Random(20261129)
    different, refused, failed = [], 0, 0
    async with door.open() as connection, postgres_door.open() as other:
        for _ in range(QUERIES):
            sql = EMEA + query(chance)
            found = await answer(connection, sql)
            if isinstance(found, str) and found.startswith("0A000"):
                refused += 1
                continue
            expected = await answer(other, sql)
            # Both fail, if not in the same words: a statement is one that PostgreSQL would not run either.
            if isinstance(found, str) and isinstance(expected, str):
                failed += 1
            elif found != expected:
                different.append((sql, found[:4], expected[:4]))
    assert not different, "\n".join(map(str, different))
    assert refused + failed < QUERIES * 0.45, (refused, failed)

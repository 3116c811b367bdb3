import itertools
from decimal import Decimal

import psycopg
import pytest

from tests.dataplane.gateways.engines.conftest import APAC, EMEA, Door

QUERIES = """
SELECT * FROM orders
SELECT id, email, card FROM orders WHERE item = 'pear'
SELECT id FROM orders WHERE item = 'Pear' OR item = 'PEAR'
SELECT count(*), count(item), count(DISTINCT item), sum(amount), min(price), max(day), min(item) FROM orders
SELECT item, count(*) AS n, avg(amount) FROM orders GROUP BY item HAVING count(*) > 1 ORDER BY n DESC, item
SELECT item FROM orders ORDER BY item, id
SELECT item FROM orders ORDER BY item DESC, id LIMIT 7 OFFSET 3
SELECT DISTINCT item FROM orders ORDER BY item NULLS FIRST
SELECT id, -amount / 2, amount % 3, (amount + 1) * 2 - id FROM orders
SELECT id, price * 2, price + amount, round(price, 1) FROM orders
SELECT id, price / 4, amount / NULLIF(id, 0) FROM orders
SELECT id FROM orders WHERE item LIKE 'p%'
SELECT id FROM orders WHERE item LIKE '100\\%' OR item LIKE '%\\\\s%'
SELECT id FROM orders WHERE item NOT LIKE '%a_' AND NOT item LIKE 'P%'
SELECT id FROM orders WHERE item = 'back\\slash' OR item = 'o''neil'
SELECT id, item || '-' || email, length(item), upper(card), substring(item from 2 for 2) FROM orders
SELECT id FROM orders WHERE day BETWEEN '2024-03-01' AND date '2024-01-31' + interval '3 months'
SELECT id, day - date '2024-01-01', extract(year from day), extract(month from placed) FROM orders
SELECT id FROM orders WHERE placed < '2024-03-10 10:00:00' AND paid
SELECT id, paid IS TRUE, paid IS NOT FALSE, item IS NULL, item IS DISTINCT FROM 'pear' FROM orders
SELECT id FROM orders WHERE id IN (1, 3, 5) OR item NOT IN ('pear', 'Pear')
SELECT id, CASE WHEN amount > 3 THEN 'much' WHEN amount IS NULL THEN 'none' ELSE 'little' END FROM orders
SELECT id, coalesce(item, 'nothing'), nullif(item, 'pear') FROM orders
SELECT o.id, r.note FROM orders o JOIN refunds r ON r.order_id = o.id
SELECT o.id, r.note FROM orders o LEFT JOIN refunds r ON r.order_id = o.id AND r.note = 'late' WHERE o.id < 9
SELECT id, weight FROM orders JOIN items USING (item)
SELECT * FROM items LEFT JOIN orders USING (item)
SELECT i.item, o.id FROM orders o RIGHT JOIN items i ON i.item = o.item
SELECT a.id, b.id FROM orders a, orders b WHERE a.amount = b.amount AND a.id < b.id
SELECT id FROM orders o WHERE EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = o.id)
SELECT id FROM orders WHERE id NOT IN (SELECT order_id FROM refunds)
SELECT id, (SELECT count(*) FROM refunds r WHERE r.order_id = o.id) FROM orders o
SELECT id FROM orders WHERE amount > (SELECT avg(amount) FROM orders)
WITH big AS (SELECT * FROM orders WHERE amount > 2), few (n) AS (SELECT count(*) FROM big) SELECT id, n FROM big, few
SELECT item FROM orders UNION SELECT item FROM items
SELECT item FROM orders EXCEPT SELECT item FROM items ORDER BY 1
SELECT item FROM orders INTERSECT SELECT item FROM items
SELECT item, 1 FROM items UNION ALL (SELECT item, amount FROM orders ORDER BY id LIMIT 2) ORDER BY 2, item LIMIT 4
SELECT item, n FROM (SELECT item, count(*) AS n FROM orders GROUP BY 1) t (item, n) WHERE n > 3
SELECT id, row_number() OVER (PARTITION BY item ORDER BY amount DESC, id) FROM orders
SELECT id, rank() OVER (ORDER BY amount), sum(amount) OVER (PARTITION BY item) FROM orders
SELECT item, sum(CASE WHEN paid THEN amount ELSE 0 END), count(*) FILTER (WHERE paid) FROM orders GROUP BY item
SELECT split_part(email, '@', 2), left(card, 3), right(card, 2), concat(item, '!', id) FROM orders
SELECT CAST(id AS text), CAST(paid AS text), CAST(day AS text), id::float8 FROM orders
SELECT 1, 'two', NULL, 3.5, true
SELECT abs(amount), lower(item), trim(item), replace(item, 'p', 'b') FROM orders WHERE NOT (paid OR id = 1)
SELECT extract(year from day) AS y, sum(price) FROM orders GROUP BY extract(year from day) ORDER BY y
SELECT o.item, sum(o.price * (1 - 0.05)) AS revenue FROM orders o, refunds r, items i
 WHERE o.id = r.order_id AND i.item = o.item AND o.day >= date '2024-01-01' GROUP BY o.item ORDER BY revenue DESC
"""


def statements() -> list[str]:
    lines = QUERIES.strip().replace("\n ", " ").replace("\\\\", "\\")
    return lines.splitlines()


def plain(row: tuple[object, ...]) -> tuple[object, ...]:
    """Return a row with numbers as numbers: averages and quotients are floats in translated databases."""
    return tuple(
        round(float(value), 6) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else value
        for value in row
    )


def sorted_rows(sql: str, rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    made = [plain(row) for row in rows]
    return made if "ORDER BY" in sql and "OVER" not in sql else sorted(made, key=repr)


async def answer(connection: psycopg.AsyncConnection, sql: str) -> list[tuple[object, ...]] | str:
    try:
        cursor = await connection.execute(sql)  # type: ignore[arg-type]
        return sorted_rows(sql, await cursor.fetchall() if cursor.description else [])
    except psycopg.Error as fault:
        return f"{fault.sqlstate} {fault}"


@pytest.mark.req("IN9")
async def test_queries_give_the_rows_that_postgresql_gives(reading_door: Door, postgres_door: Door) -> None:
    different = []
    async with reading_door.open() as connection, postgres_door.open() as other:
        for sql, trace in itertools.product(statements(), (EMEA, APAC)):
            expected, found = await answer(other, trace + sql), await answer(connection, trace + sql)
            if found != expected or isinstance(expected, str):
                different.append((sql, expected[:3], found if isinstance(found, str) else found[:3]))
    assert not different, "\n".join(map(str, different))

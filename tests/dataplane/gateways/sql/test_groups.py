"""Columns that are read in groups only, in a real database: no answer and no two answers tell of a single row."""

from collections.abc import Iterator

import psycopg
import pytest
from pydantic import ValidationError

from bailiwick.core.grants import ColumnGrant, DataGrant, TableGrant
from bailiwick.core.reach_words import table_words
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.rewrite import rewrite
from bailiwick.store.embedded import EmbeddedPostgres

STAFF = TableGrant.model_validate(
    {
        "relation": "staff",
        "operations": ["select"],
        "columns": ["unit", "year", "name", "site", {"name": "salary", "in_groups_of": 3}],
        "rows": [{"column": "site", "equals": "here"}],
        "groups": ["unit", "year"],
    }
)
GRANT = DataGrant(integration="people", tables=(STAFF,))


@pytest.fixture(scope="module")
def staff(postgres: EmbeddedPostgres) -> Iterator[psycopg.Connection]:
    postgres.create_database("gateway_groups")
    with psycopg.connect(postgres.url("gateway_groups"), autocommit=True) as owner:
        # Cells: sales 2024 of three, sales 2025 of two, legal 2024 of four of whom one has no salary; others elsewhere.
        owner.execute(
            """CREATE TABLE staff (unit text, year int, name text, site text, salary int);
            INSERT INTO staff VALUES ('sales', 2024, 'ann', 'here', 100), ('sales', 2024, 'ben', 'here', 200),
              ('sales', 2024, 'cas', 'here', 300), ('sales', 2025, 'dan', 'here', 4000),
              ('sales', 2025, 'eve', 'here', 5000),
              ('legal', 2024, 'fay', 'here', 10), ('legal', 2024, 'gus', 'here', 20),
              ('legal', 2024, 'hal', 'here', 30),
              ('legal', 2024, 'ida', 'here', NULL), ('sales', 2025, 'joe', 'there', 70000)"""
        )
        owner.execute("SET search_path = pg_catalog")
        yield owner


def ask(staff: psycopg.Connection, query: str) -> list[tuple[object, ...]]:
    return staff.execute(rewrite(query, GRANT, {}).sql.encode()).fetchall()


@pytest.mark.req("IN7")
@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("SELECT unit, year, sum(salary) FROM staff GROUP BY 1, 2 ORDER BY 1, 2",
         [("legal", 2024, 60), ("sales", 2024, 600), ("sales", 2025, None)]),
        ("SELECT sum(s.salary), count(salary), count(*) FROM staff s", [(660, 6, 9)]),
        ("SELECT avg(salary)::int FROM staff WHERE unit = 'sales'", [(200,)]),
        ("SELECT avg(salary) FROM staff WHERE year = 2025", [(None,)]),
        ("SELECT unit FROM staff GROUP BY unit HAVING pg_catalog.sum(salary) > 100", [("sales",)]),
        ("SELECT x.* FROM (SELECT unit, sum(salary) AS total FROM staff GROUP BY unit ORDER BY total) x",
         [("legal", 60), ("sales", 600)]),
        ("WITH x AS (SELECT sum(salary) AS total FROM staff) SELECT total FROM x UNION SELECT sum(salary) FROM staff",
         [(660,)]),
        ("SELECT name FROM staff WHERE unit = 'legal' ORDER BY name LIMIT 1", [("fay",)]),
        ("SELECT (SELECT sum(salary) FROM staff WHERE unit = u.unit) FROM (SELECT 'legal' AS unit) u", [(60,)]),
    ],
)  # fmt: skip
def test_groups_are_told_of_and_too_small_cells_are_in_none(
    staff: psycopg.Connection, query: str, answer: list[tuple[object, ...]]
) -> None:
    assert ask(staff, query) == answer


@pytest.mark.req("IN7")
def test_two_answers_never_differ_by_a_cell_that_is_too_small(staff: psycopg.Connection) -> None:
    everything = ask(staff, "SELECT sum(salary), count(salary) FROM staff")
    assert everything == ask(
        staff, "SELECT sum(salary), count(salary) FROM staff WHERE NOT (unit = 'sales' AND year = 2025)"
    )
    by_year = ask(staff, "SELECT sum(salary) FROM staff GROUP BY year ORDER BY year")
    assert by_year == [(660,), (None,)]


@pytest.mark.req("IN7")
@pytest.mark.parametrize(
    "query",
    [
        "SELECT salary FROM staff",
        "SELECT max(salary) FROM staff",
        "SELECT min(salary) FROM staff GROUP BY unit",
        "SELECT array_agg(salary) FROM staff",
        "SELECT sum(salary) FROM staff WHERE name = 'ann'",
        "SELECT sum(salary) FROM staff WHERE salary > 250",
        "SELECT name, sum(salary) FROM staff GROUP BY name",
        "SELECT sum(salary) FILTER (WHERE unit = 'sales') FROM staff",
        "SELECT sum(DISTINCT salary) FROM staff",
        "SELECT avg(salary ORDER BY unit) FROM staff",
        "SELECT sum(salary) OVER (PARTITION BY unit) FROM staff",
        "SELECT sum(salary + 0) FROM staff",
        "SELECT sum(CASE WHEN name = 'ann' THEN salary END) FROM staff",
        "SELECT sum(salary), staff FROM staff GROUP BY staff",
        "SELECT sum(salary), min(staff::text) FROM staff",
        "SELECT sum(salary), json_agg(s) FROM staff s",
        "SELECT sum(salary), json_agg(s.*) FROM staff s",
        "SELECT sum(salary), min(s.row_to_json::text) FROM staff s",
        "SELECT sum(salary), min((s).bailiwick_in_groups_salary) FROM staff s",
        "SELECT sum(salary), min(bailiwick_in_groups_salary) FROM staff s",
        "SELECT sum(salary), min(s.bailiwick_in_groups_salary) FROM staff s",
        "SELECT sum(salary), min(c) FROM staff s(a, b, c)",
        "SELECT sum(salary), (SELECT min(s::text)) FROM staff s",
        "SELECT sum(salary) FROM staff, generate_series(1, 5)",
        "SELECT sum(salary) FROM staff a JOIN staff b USING (unit)",
        "SELECT sum(salary) FROM staff, LATERAL (SELECT name) n WHERE name = 'ann'",
        "SELECT sum(salary) FROM (SELECT * FROM staff) s",
        "SELECT sum(s.salary) FROM staff AS s WHERE EXISTS (SELECT 1 FROM staff t WHERE t.name = 'ann')",
        "SELECT stddev(salary) FROM staff",
        "SELECT string_agg(salary::text, ',') FROM staff",
        "SELECT unit FROM staff GROUP BY unit HAVING max(salary) > 5",
        "SELECT unit FROM staff ORDER BY salary",
    ],
)  # fmt: skip
def test_whatever_reads_the_column_in_another_way_fails(staff: psycopg.Connection, query: str) -> None:
    with pytest.raises((StatementRefusedError, psycopg.errors.UndefinedColumn, psycopg.errors.GroupingError)) as caught:
        ask(staff, query)
    assert not any(salary in str(caught.value) for salary in ("100", "200", "300", "4000", "5000"))


@pytest.mark.req("IN7")
def test_a_column_in_groups_reads_back_as_a_sentence_and_is_read_in_one_way_only() -> None:
    said = table_words("people", STAFF)
    assert "salary (only sums, averages and counts of 3 rows or more, by unit and year)" in said
    for wrong in ({"readable": True}, {"mask": "null"}, {"in_groups_of": 1}):
        with pytest.raises(ValidationError):
            ColumnGrant.model_validate({"name": "salary", "in_groups_of": 3, **wrong})

"""What a statement may make of a column that is masked once it came, and how the end of a grant is read; pure."""

import pytest

from bailiwick.core.grants import DataGrant, Mask
from bailiwick.dataplane.gateways.sql.engines.model import NotTranslatedError, Translated
from bailiwick.dataplane.gateways.sql.engines.translating import translate
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.keyed import MaskedBy
from bailiwick.dataplane.gateways.sql.rewrite import rewrite

pytestmark = pytest.mark.req("IN7", "IN9")
GRANT = DataGrant.model_validate(
    {
        "integration": "shop-db",
        "tables": [
            {
                "relation": "people",
                "operations": ["select", "insert", "update", "delete"],
                "columns": [
                    {"name": "id", "writable": True},
                    {"name": "name", "mask": "hash"},
                    {"name": "phone", "mask": "last4", "mask_for": [
                        {"attribute": "team", "one_of": ["stats"], "mask": "digits"}]},
                    {"name": "pay", "mask": "noise5"},
                    {"name": "rate", "mask": "noise5"},
                    {"name": "photo", "mask": "noise5"},
                ],
                "until": "2100-01-31T12:00:00+01:00",
            },
            {"relation": "notes", "operations": ["select"], "columns": ["id", "name"]},
        ],
    }
)  # fmt: skip
SCHEMA = {
    ("public", "people"): {
        "id": "int4", "name": "text", "phone": "text", "pay": "int4", "rate": "float8", "photo": "bytea"
    },
    ("public", "notes"): {"id": "int4", "name": "text"},
}  # fmt: skip


def translated(sql: str, *, dialect: str = "mysql", team: str = "") -> Translated:
    made = rewrite(sql, GRANT, {"team": team}, masked_by=MaskedBy.GATEWAY).sql
    return translate(made, SCHEMA, dialect, {})  # type: ignore[arg-type]


@pytest.mark.parametrize("dialect", ["mysql", "sqlite", "duckdb", "bigquery", "snowflake"])
def test_masked_columns_pass_as_they_are_and_say_what_they_are(dialect: str) -> None:
    found = translated("SELECT * FROM people WHERE id < 9", dialect=dialect)
    assert [(item.name, item.kind, item.masked and item.masked.mask) for item in found.columns] == [
        ("id", "int4", None), ("name", "text", Mask.HASH), ("phone", "text", None), ("pay", "numeric", Mask.NOISE5),
        ("rate", "float8", Mask.NOISE5),
    ]  # fmt: skip
    assert [(end.table, end.until.isoformat()) for end in found.ends] == [("people", "2100-01-31T11:00:00+00:00")]
    assert "mask" not in found.sql


def test_a_mask_goes_by_who_asks() -> None:
    columns = translated("SELECT phone FROM people", team="stats").columns
    assert [item.masked and item.masked.mask for item in columns] == [Mask.DIGITS]
    assert translated("SELECT phone FROM people ORDER BY phone").columns[0].masked is None
    with pytest.raises(NotTranslatedError, match="under the mask digits"):
        translated("SELECT phone FROM people ORDER BY phone", team="stats")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT n.id, p.name FROM notes n LEFT JOIN people p ON p.id = n.id",
        "SELECT q.name AS n, CAST(q.name AS text) FROM (SELECT p.name FROM people p) q",
        "WITH a AS (SELECT name FROM people), b AS (SELECT * FROM a) SELECT name FROM b LIMIT 3",
        "SELECT id FROM notes n WHERE EXISTS (SELECT name FROM people p WHERE p.id = n.id)",
        "SELECT id FROM people GROUP BY id",
        "SELECT id, row_number() OVER (ORDER BY id) FROM people ORDER BY 1",
    ],
)
def test_what_only_shows_a_masked_column_or_leaves_it_alone_is_translated(sql: str) -> None:
    assert translated(sql).ends


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM people WHERE name = 'a'",
        "SELECT id FROM people WHERE name IN ('a')",
        "SELECT id FROM people WHERE name IS NULL",
        "SELECT id FROM people WHERE name LIKE 'a%'",
        "SELECT id FROM people WHERE pay BETWEEN 1 AND 2",
        "SELECT id FROM people WHERE 'a' IS DISTINCT FROM name",
        "SELECT id FROM people WHERE (SELECT name) = 'a'",
        "SELECT id FROM people WHERE name IN (SELECT name FROM notes)",
        "SELECT id FROM notes WHERE name IN (SELECT name FROM people)",
        "SELECT id FROM notes WHERE name = (SELECT name FROM people LIMIT 1)",
        "SELECT (SELECT name FROM people LIMIT 1) FROM notes",
        "SELECT n.id FROM notes n JOIN people p ON p.name = n.name",
        "SELECT n.id FROM notes n JOIN people p USING (name)",
        "SELECT n.id FROM notes n JOIN (SELECT name AS x FROM people) p ON p.x = n.name",
        "SELECT n.id FROM notes n, people p WHERE p.name = n.name",
        "SELECT name FROM people GROUP BY name",
        "SELECT name FROM people GROUP BY 1",
        "SELECT name, count(*) FROM people",
        "SELECT count(name) FROM people",
        "SELECT count(DISTINCT name) FROM people",
        "SELECT sum(pay), avg(rate), min(pay) FROM people",
        "SELECT count(*) FILTER (WHERE name = 'a') FROM people",
        "SELECT count(*) FROM people HAVING max(name) > 'a'",
        "SELECT id FROM people ORDER BY name",
        "SELECT name FROM people ORDER BY 1",
        "SELECT name AS n FROM people ORDER BY n",
        "SELECT id FROM people ORDER BY pay + 0",
        "SELECT row_number() OVER (ORDER BY name) FROM people",
        "SELECT rank() OVER (PARTITION BY name ORDER BY id) FROM people",
        "SELECT sum(id) OVER (PARTITION BY pay) FROM people",
        "SELECT DISTINCT name FROM people",
        "SELECT DISTINCT id, name FROM people",
        "SELECT name FROM people UNION SELECT name FROM notes",
        "SELECT name FROM notes UNION ALL SELECT name FROM people",
        "SELECT name FROM notes INTERSECT SELECT name FROM people",
        "SELECT name FROM notes EXCEPT SELECT name FROM people",
        "SELECT upper(name) FROM people",
        "SELECT name || '' FROM people",
        "SELECT coalesce(name, 'x') FROM people",
        "SELECT nullif(name, 'x') FROM people",
        "SELECT CASE WHEN id = 1 THEN name END FROM people",
        "SELECT CASE WHEN name = 'a' THEN 1 END FROM people",
        "SELECT pay + 1 FROM people",
        "SELECT -pay FROM people",
        "SELECT CAST(pay AS float8) FROM people",
        "SELECT pay::text FROM people",
        "SELECT name LIKE 'a%' FROM people",
        "SELECT x FROM (SELECT upper(name) AS x FROM people) q",
        "WITH a AS (SELECT name AS x FROM people) SELECT n.id FROM notes n JOIN a ON a.x = n.name",
        "WITH a AS (SELECT name FROM people) SELECT DISTINCT name FROM a",
        "INSERT INTO people (id) VALUES ((SELECT pay FROM people LIMIT 1))",
    ],
)
def test_nothing_is_made_of_a_masked_column(sql: str) -> None:
    with pytest.raises(StatementRefusedError) as caught:
        translated(sql)
    assert "shown as it is here" in caught.value.message or caught.value.sqlstate == "42803", caught.value.message


@pytest.mark.parametrize("sql", ["UPDATE people SET id = 1 WHERE name = 'a'", "DELETE FROM people WHERE pay > 3",
                                 "UPDATE people SET id = pay", "DELETE FROM people RETURNING name"])  # fmt: skip
def test_a_change_does_not_read_a_masked_column(sql: str) -> None:
    with pytest.raises(StatementRefusedError, match="cannot be read in a statement that changes"):
        translated(sql)


@pytest.mark.parametrize("dialect", ["mysql", "sqlite", "duckdb"])
@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO people (id) VALUES (1), (2)",
        "UPDATE people SET id = 3 WHERE id = 4",
        "DELETE FROM people",
        "DELETE FROM people WHERE id IN (SELECT id FROM notes)",
    ],
)
def test_changes_know_the_end_of_their_grant(dialect: str, sql: str) -> None:
    found = translated(sql, dialect=dialect)
    assert [end.table for end in found.ends] == ["people"]
    assert "bailiwick" not in found.sql


@pytest.mark.parametrize(
    "condition",
    [
        "CASE WHEN statement_timestamp() > CAST('2100-01-31 11:00:00+00' AS timestamptz) THEN TRUE"
        " ELSE CAST(concat('bailiwick-grant-ended:people:2100-01-31:') AS int4) = 0 END",
        "CASE WHEN statement_timestamp() < CAST('2100-01-31 11:00:00+00' AS timestamptz) THEN FALSE"
        " ELSE CAST(concat('bailiwick-grant-ended:people:2100-01-31:') AS int4) = 0 END",
        "CASE WHEN statement_timestamp() < CAST('2100-01-31 11:00:00+00' AS timestamptz) THEN TRUE"
        " ELSE CAST(concat('bailiwick-grant-ended:people:2100-02-01:') AS int4) = 0 END",
        "CASE WHEN statement_timestamp() < CAST('soon+00' AS timestamptz) THEN TRUE"
        " ELSE CAST(concat('bailiwick-grant-ended:people:2100-01-31:') AS int4) = 0 END",
    ],
)
def test_what_only_looks_like_an_end_is_not_translated(condition: str) -> None:
    with pytest.raises(StatementRefusedError):
        translate(f"SELECT id FROM public.people WHERE {condition}", SCHEMA, "mysql", {})

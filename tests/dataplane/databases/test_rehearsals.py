"""Rehearsals: there, back and there again on production's schema; what does not come back is said."""

import pytest

from bailiwick.core.migrations import migrations_of
from bailiwick.dataplane.databases.rehearsal import rehearse
from tests.fixtures.app_databases import FIRST, SECOND, AppDatabase, encoded

pytestmark = pytest.mark.req("RV11")


async def test_a_rehearsal_measures_each_migration_and_leaves_production_alone(app_database: AppDatabase) -> None:
    await app_database.keeper.ready(app_database.state, encoded(FIRST))
    app_database.ask("INSERT INTO orders (item) VALUES ('real')")
    done = await rehearse(app_database.keeper, "default", "finance/desk", migrations_of(encoded(SECOND)))
    assert (done.passed, done.why, done.notes) == (True, "", [])
    (step,) = done.steps
    assert step.title == "0002_note"
    assert step.locks == ("AccessExclusiveLock on orders",)
    assert min(step.up_ms, step.down_ms) > 0
    assert app_database.ask("SELECT item FROM orders") == [("real",)]
    databases = app_database.ask("SELECT datname::text FROM pg_database WHERE datname LIKE 'bw_finance%'")
    assert databases == [(app_database.name,)]


async def test_the_first_release_is_rehearsed_from_nothing(app_database: AppDatabase) -> None:
    done = await rehearse(app_database.keeper, "default", "finance/desk", migrations_of(encoded(SECOND)))
    assert done.passed
    assert [step.title for step in done.steps] == ["0001_orders", "0002_note"]
    assert not await app_database.keeper.server.exists(app_database.name)


@pytest.mark.parametrize(
    ("up", "down", "why", "line"),
    [
        (
            "ALTER TABLE orders ADD note text, ADD more text;",
            "ALTER TABLE orders DROP note;",
            "the schema does not come back as it was",
            "+column orders.0003 more text",
        ),
        (
            "ALTER TABLE orders ALTER item DROP NOT NULL;",
            "SELECT 1;",
            "the schema does not come back as it was",
            "-column orders.0002 item text not null",
        ),
        ("ALTER TABLE orders ADD note int;", "ALTER TABLE orders DROP nota;", "the way back of 0002_note failed", ""),
        ("ALTER TABLE orders ADD CHECK (item = 'x');", "SELECT 1;", "0002_note failed in statement 1", ""),
        (
            "ALTER TABLE orders ADD note text;",
            "DELETE FROM orders; ALTER TABLE orders DROP note;",
            "rows vanish on the way there and back: public.orders had 20 rows and has 0",
            "",
        ),
    ],
)
async def test_what_does_not_come_back_fails_with_the_difference(
    app_database: AppDatabase, up: str, down: str, why: str, line: str
) -> None:
    await app_database.keeper.ready(app_database.state, encoded(FIRST))
    files = {**FIRST, "migrations/0002_note.up.sql": up, "migrations/0002_note.down.sql": down}
    done = await rehearse(app_database.keeper, "default", "finance/desk", migrations_of(encoded(files)))
    assert not done.passed
    assert why in done.why
    if line:
        assert line in done.diff


async def test_synthetic_rows_fit_types_enums_and_foreign_keys(app_database: AppDatabase) -> None:
    files = {
        "migrations/0001_all.up.sql": """
            CREATE TYPE mood AS ENUM ('good', 'bad');
            CREATE TABLE people (id uuid PRIMARY KEY, name varchar(30) UNIQUE, at timestamptz NOT NULL,
                day date NOT NULL, feels mood NOT NULL, price numeric(8,2) NOT NULL,
                facts jsonb NOT NULL, yes boolean NOT NULL, tags text[] NOT NULL);
            CREATE TABLE pets (id serial PRIMARY KEY, owner uuid NOT NULL REFERENCES people (id));
            CREATE TABLE odd (age int CHECK (age > 1000));
        """,
        "migrations/0001_all.down.sql": "DROP TABLE odd; DROP TABLE pets; DROP TABLE people; DROP TYPE mood;",
    }
    more = {
        **files,
        "migrations/0002_more.up.sql": "ALTER TABLE pets ADD name text NOT NULL DEFAULT '';",
        "migrations/0002_more.down.sql": "ALTER TABLE pets DROP name;",
    }
    await app_database.keeper.ready(app_database.state, encoded(files))
    done = await rehearse(app_database.keeper, "default", "finance/desk", migrations_of(encoded(more)))
    assert (done.passed, done.why) == (True, "")
    assert done.notes == ["no made-up row fits odd: it was rehearsed empty"]

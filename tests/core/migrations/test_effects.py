"""What a migration does to data, and whether it can be taken back; and what its files must be like."""

import pytest

from bailiwick.core.migrations import Kind, Migration, MigrationsError, classify, losses, migrations_of

pytestmark = pytest.mark.req("RV11")


@pytest.mark.parametrize(
    ("up", "down", "kind"),
    [
        ("CREATE INDEX i ON t (a);", "DROP INDEX i;", Kind.REVERSIBLE),
        ("ALTER TABLE t ADD CHECK (a > 0) NOT VALID;", "ALTER TABLE t DROP CONSTRAINT t_a_check;", Kind.REVERSIBLE),
        ("ALTER TABLE t RENAME a TO b;", "ALTER TABLE t RENAME b TO a;", Kind.REVERSIBLE),
        ("CREATE TABLE t (id int);", "DROP TABLE t;", Kind.WITH_LOSS),
        ("ALTER TABLE t ADD a int;", "ALTER TABLE t DROP a;", Kind.WITH_LOSS),
        ("CREATE TABLE t (id int);", "DO $$ BEGIN DROP TABLE t; END $$;", Kind.WITH_LOSS),
        ("ALTER TABLE t DROP a;", "ALTER TABLE t ADD a int;", Kind.IRREVERSIBLE),
        ("ALTER TABLE t ALTER a TYPE int USING a::int;", "ALTER TABLE t ALTER a TYPE text;", Kind.IRREVERSIBLE),
        ("UPDATE t SET a = 1;", "SELECT 1;", Kind.IRREVERSIBLE),
        ("WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone;", "SELECT 1;", Kind.IRREVERSIBLE),
        ("INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 2;", "SELECT 1;", Kind.IRREVERSIBLE),
        ("SELECT wipe();", "SELECT 1;", Kind.IRREVERSIBLE),
        ("CREATE INDEX i ON t (a);", "-- nothing", Kind.IRREVERSIBLE),
    ],
)
def test_a_migration_is_classified_by_what_it_would_lose(up: str, down: str, kind: Kind) -> None:
    assert classify(Migration(1, "a", up, down)) is kind


def test_what_the_script_made_itself_is_not_lost() -> None:
    assert losses("a", "CREATE TABLE t (a int); ALTER TABLE t DROP a; DROP TABLE t;") == ()


def test_each_loss_names_its_table_and_column_as_they_are_written() -> None:
    found = losses("a", 'ALTER TABLE "order" DROP "from"; DROP TABLE a, b; DELETE FROM c WHERE x = 1;')
    assert [(str(item.way), item.what) for item in found] == [
        ("drops the column", "order.from"),
        ("drops the table", "a"),
        ("drops the table", "b"),
        ("deletes rows of", "c"),
    ]
    assert found[0].count == 'SELECT count(*) FROM "order" WHERE "from" IS NOT NULL'
    assert found[3].count == 'SELECT count(*) FROM "c" WHERE x = 1'


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (["0001_a.up.sql"], "needs both"),
        (["0001_a.up.sql", "0001_b.down.sql"], "needs both"),
        (["first.up.sql"], "is not named"),
        (["0001_a.up.sql", "0001_a.down.sql", "0003_b.up.sql", "0003_b.down.sql"], "has no migration 2 before it"),
        (["0001_a.up.sql", "0001_a.down.sql", "0001_b.up.sql", "0001_b.down.sql"], "has the number of another"),
    ],
)
def test_files_that_nobody_could_run_in_order_are_refused(paths: list[str], words: str) -> None:
    with pytest.raises(MigrationsError, match=words):
        migrations_of({f"migrations/{path}": b"SELECT 1;" for path in paths})


def test_a_script_that_is_no_text_or_too_large_is_refused() -> None:
    for content, words in ((b"\xff\xfe", "is not UTF-8"), (b"-" * (2**20 + 1), "larger than 1 MiB")):
        with pytest.raises(MigrationsError, match=words):
            migrations_of({"migrations/0001_a.up.sql": content})

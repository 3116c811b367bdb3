"""Migrations run by the platform: in order, whole or not at all, undone with what they would lose said."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from bailiwick.core.migrations import MigrationsError
from bailiwick.dataplane.databases import DatabaseError, WouldLoseError
from bailiwick.dataplane.databases.run import HeldLockError
from tests.fixtures.app_databases import FIRST, SECOND, AppDatabase, app_state, encoded
from tests.fixtures.waiting import until

CONCURRENT = {
    **SECOND,
    "migrations/0003_index.up.sql": "CREATE INDEX CONCURRENTLY orders_item ON orders (item);",
    "migrations/0003_index.down.sql": "DROP INDEX CONCURRENTLY orders_item;",
}
pytestmark = pytest.mark.req("RV11")


async def test_migrations_run_in_order_and_only_once(app_database: AppDatabase) -> None:
    moved = await app_database.keeper.ready(app_database.state, encoded(SECOND))
    assert moved.forward == ["0001_orders", "0002_note"]
    again = await app_database.keeper.ready(app_database.state, encoded(SECOND))
    assert not again.changed
    assert not again.snapshot
    applied = await app_database.keeper.applied(app_database.state)
    assert [(item.migration.title, item.release) for item in applied] == [
        ("0001_orders", "rel_1"),
        ("0002_note", "rel_1"),
    ]


async def test_the_locks_and_the_time_of_a_migration_are_measured(app_database: AppDatabase) -> None:
    await app_database.keeper.ready(app_database.state, encoded(FIRST))
    moved = await app_database.keeper.ready(app_database.state, encoded(SECOND))
    assert moved.locks["0002_note"] == ("AccessExclusiveLock on orders",)
    assert moved.milliseconds["0002_note"] > 0


async def test_a_failing_migration_changes_nothing_and_names_its_statement(app_database: AppDatabase) -> None:
    await app_database.keeper.ready(app_database.state, encoded(FIRST))
    broken = {
        **SECOND,
        "migrations/0002_note.up.sql": "ALTER TABLE orders ADD note text; ALTER TABLE nowhere ADD a int;",
    }
    with pytest.raises(DatabaseError, match=r"0002_note failed in statement 2, «ALTER TABLE nowhere ADD a int»"):
        await app_database.keeper.ready(app_database.state, encoded(broken))
    assert not app_database.ask("SELECT 1 FROM information_schema.columns WHERE column_name = 'note'")
    assert [item.migration.title for item in await app_database.keeper.applied(app_database.state)] == ["0001_orders"]
    assert app_database.keeper.kept(app_database.state) == []


async def test_an_index_is_made_concurrently_outside_a_transaction(app_database: AppDatabase) -> None:
    moved = await app_database.keeper.ready(app_database.state, encoded(CONCURRENT))
    assert moved.forward[-1] == "0003_index"
    back = await app_database.keeper.ready(app_database.state, encoded(SECOND))
    assert back.back == ["0003_index"]
    assert not app_database.ask("SELECT 1 FROM pg_class WHERE relname = 'orders_item'")


async def test_what_a_broken_off_index_left_is_cleared_and_made_again(app_database: AppDatabase) -> None:
    await app_database.keeper.ready(app_database.state, encoded(SECOND))
    app_database.ask("INSERT INTO orders (item) VALUES ('a'), ('a')")
    unique = {
        **CONCURRENT,
        "migrations/0003_index.up.sql": "CREATE UNIQUE INDEX CONCURRENTLY orders_item ON orders (item);",
    }
    with pytest.raises(DatabaseError, match="could not create unique index"):
        await app_database.keeper.ready(app_database.state, encoded(unique))
    app_database.ask("DELETE FROM orders WHERE id = 2")
    moved = await app_database.keeper.ready(app_database.state, encoded(unique))
    assert moved.forward == ["0003_index"]
    assert app_database.ask("SELECT indisvalid FROM pg_index WHERE indexrelid = 'orders_item'::regclass") == [(True,)]


async def test_going_back_keeps_rows_and_says_what_it_would_lose(app_database: AppDatabase) -> None:
    keeper, state = app_database.keeper, app_database.state
    await keeper.ready(state, encoded(SECOND))
    app_database.ask("INSERT INTO orders (item, note) VALUES ('a', 'x'), ('b', NULL), ('c', 'y')")
    with pytest.raises(WouldLoseError) as refused:
        await keeper.ready(state, encoded(FIRST))
    assert refused.value.lines == ("0002_note drops the column orders.note, which holds a value in 2 rows",)
    assert app_database.ask("SELECT count(note) FROM orders") == [(2,)]
    moved = await keeper.ready(state, encoded(FIRST), accept_loss=True)
    assert moved.back == ["0002_note"]
    assert app_database.ask("SELECT item FROM orders ORDER BY id") == [("a",), ("b",), ("c",)]
    assert [item.why for item in keeper.kept(state)] == ["before the way back of 0002_note"]


async def test_going_back_without_loss_needs_no_word(app_database: AppDatabase) -> None:
    await app_database.keeper.ready(app_database.state, encoded(SECOND))
    app_database.ask("INSERT INTO orders (item) VALUES ('a')")
    moved = await app_database.keeper.ready(app_database.state, encoded(FIRST))
    assert (moved.back, moved.lost) == (["0002_note"], [])


async def test_a_way_back_that_fails_half_way_leaves_everything_as_it_was(app_database: AppDatabase) -> None:
    broken = {
        **SECOND,
        "migrations/0002_note.up.sql": "ALTER TABLE orders ADD COLUMN note text, ADD COLUMN more text;",
        "migrations/0002_note.down.sql": "ALTER TABLE orders DROP COLUMN note; ALTER TABLE orders DROP COLUMN gone;",
    }
    await app_database.keeper.ready(app_database.state, encoded(broken))
    with pytest.raises(DatabaseError, match="the way back of 0002_note failed in statement 2"):
        await app_database.keeper.ready(app_database.state, encoded(FIRST), accept_loss=True)
    columns = app_database.ask(
        "SELECT column_name::text FROM information_schema.columns WHERE table_name = 'orders' ORDER BY ordinal_position"
    )
    assert columns == [("id",), ("item",), ("note",), ("more",)]
    assert len(await app_database.keeper.applied(app_database.state)) == 2


async def test_a_lock_that_somebody_holds_is_waited_for_a_while_and_then_said(app_database: AppDatabase) -> None:
    await app_database.keeper.ready(app_database.state, encoded(FIRST))
    url = app_database.server.url(app_database.name)
    with psycopg.connect(url, application_name="a long report") as other:
        other.execute("SELECT * FROM orders")
        with pytest.raises(HeldLockError, match=r"0002_note waited too long for a lock.*'a long report' session"):
            await app_database.keeper.ready(app_database.state, encoded(SECOND))
    moved = await app_database.keeper.ready(app_database.state, encoded(SECOND))
    assert moved.forward == ["0002_note"]


async def test_a_lock_that_is_given_up_in_time_is_no_fault(app_database: AppDatabase) -> None:
    await app_database.keeper.ready(app_database.state, encoded(FIRST))
    other = await psycopg.AsyncConnection.connect(app_database.server.url(app_database.name))
    await other.execute("SELECT * FROM orders")
    work = asyncio.create_task(app_database.keeper.ready(app_database.state, encoded(SECOND)))
    await asyncio.sleep(0.2)
    await other.close()
    assert (await work).forward == ["0002_note"]


async def test_a_migration_that_ran_is_not_changed_in_production(app_database: AppDatabase) -> None:
    await app_database.keeper.ready(app_database.state, encoded(SECOND))
    changed = {**SECOND, "migrations/0002_note.up.sql": "ALTER TABLE orders ADD COLUMN note varchar(10);"}
    with pytest.raises(DatabaseError, match="0002_note was changed after it ran"):
        await app_database.keeper.ready(app_database.state, encoded(changed))


async def test_a_changed_migration_runs_again_in_a_preview(app_database: AppDatabase) -> None:
    app_database.state = app_state(mode="preview")
    await app_database.keeper.ready(app_database.state, encoded(SECOND))
    changed = {**SECOND, "migrations/0002_note.up.sql": "ALTER TABLE orders ADD COLUMN note varchar(10);"}
    moved = await app_database.keeper.ready(app_database.state, encoded(changed))
    assert (moved.back, moved.forward) == (["0002_note"], ["0002_note"])


async def test_a_release_that_is_only_kept_alive_takes_nothing_back(app_database: AppDatabase) -> None:
    await app_database.keeper.ready(app_database.state, encoded(SECOND))
    assert not (await app_database.keeper.ready(app_database.state, encoded(FIRST), may_go_back=False)).changed
    assert len(await app_database.keeper.applied(app_database.state)) == 2


async def test_a_record_that_somebody_changed_is_not_believed(app_database: AppDatabase) -> None:
    await app_database.keeper.ready(app_database.state, encoded(SECOND))
    app_database.ask("UPDATE bailiwick.migrations SET down = 'DROP TABLE orders' WHERE number = 2")
    with pytest.raises(DatabaseError, match="is not as this plane wrote it"):
        await app_database.keeper.ready(app_database.state, encoded(FIRST))
    assert app_database.ask("SELECT count(*) FROM orders") == [(0,)]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("COMMIT; DROP TABLE orders;", "begins or ends transactions"),
        ("SET lock_timeout = 0; DROP TABLE orders;", "changes how long it may wait"),
        ("CREATE INDEX CONCURRENTLY i ON orders (item); SELECT 1;", "mixes CONCURRENTLY"),
        ("CREATE TABEL a;", "is not SQL that PostgreSQL reads"),
    ],
)
async def test_a_migration_that_steers_the_platform_is_refused(
    app_database: AppDatabase, statement: str, words: str
) -> None:
    with pytest.raises(MigrationsError, match=words):
        await app_database.keeper.ready(
            app_database.state, encoded({**FIRST, "migrations/0001_orders.up.sql": statement})
        )


@pytest.mark.parametrize(
    "statement", ["CREATE ROLE mine SUPERUSER", "SELECT pg_read_file('/etc/passwd')", "CREATE DATABASE mine"]
)
async def test_a_migration_may_do_nothing_beyond_its_database(app_database: AppDatabase, statement: str) -> None:
    with pytest.raises(DatabaseError, match=r"permission denied|cannot run inside"):
        await app_database.keeper.ready(
            app_database.state, encoded({**FIRST, "migrations/0001_orders.up.sql": statement + ";"})
        )


async def test_the_apps_role_uses_rows_and_changes_no_schema(app_database: AppDatabase) -> None:
    await app_database.keeper.ready(app_database.state, encoded(SECOND))
    target = await app_database.keeper.target(app_database.state)
    async with await psycopg.AsyncConnection.connect(
        host=target.host, port=target.port, dbname=target.database, user=target.user, password=target.password,
        autocommit=True,
    ) as role:  # fmt: skip
        await role.execute("INSERT INTO orders (item) VALUES ('a')")
        for forbidden in ("DROP TABLE orders", "CREATE TABLE mine (id int)", "SELECT * FROM bailiwick.migrations"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await role.execute(forbidden.encode())
    assert target.password not in repr(target)


async def test_a_vacuum_of_the_server_does_not_keep_a_snapshot_from_its_place(app_database: AppDatabase) -> None:
    keeper, state = app_database.keeper, app_database.state
    await keeper.ready(state, encoded(FIRST))
    await keeper.ready(state, encoded(SECOND))
    with a_long_vacuum_of("orders", app_database):
        await keeper.restore(state, keeper.kept(state)[0].id)
    assert [item.migration.title for item in await keeper.applied(state)] == ["0001_orders"]


@contextmanager
def a_long_vacuum_of(table: str, app_database: AppDatabase) -> Iterator[None]:
    """Have the server begin by itself to vacuum a table, so slowly that it does not end in a test."""
    statements = (
        f"INSERT INTO {table} (item) SELECT 'x' FROM generate_series(1, 50000)",
        f"ALTER TABLE {table} SET (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)",
        f"UPDATE {table} SET item = 'y'",
        "ALTER SYSTEM SET autovacuum_naptime = '1s'",
        "SELECT pg_reload_conf()",
    )
    for statement in statements:
        app_database.ask(statement)
    try:
        running = (
            "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND datname = current_database()"
        )
        until(lambda: app_database.ask(running), what="a vacuum")
        yield
    finally:
        with psycopg.connect(app_database.server.url("postgres"), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM RESET autovacuum_naptime")
            connection.execute("SELECT pg_reload_conf()")


async def test_a_snapshot_is_put_back_whole(app_database: AppDatabase) -> None:
    keeper, state = app_database.keeper, app_database.state
    await keeper.ready(state, encoded(FIRST))
    app_database.ask("INSERT INTO orders (item) VALUES ('a'), ('b')")
    await keeper.ready(state, encoded(SECOND))
    app_database.ask("DELETE FROM orders")
    (taken,) = keeper.kept(state)
    assert taken.why == "before 0002_note"
    before = await keeper.restore(state, taken.id)
    assert app_database.ask("SELECT item FROM orders ORDER BY id") == [("a",), ("b",)]
    assert [item.migration.title for item in await keeper.applied(state)] == ["0001_orders"]
    assert [item.id for item in keeper.kept(state)] == [before.id, taken.id]
    with pytest.raises(DatabaseError, match="there is no snapshot"):
        await keeper.restore(state, "../../etc/passwd")

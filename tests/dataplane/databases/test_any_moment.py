"""Any moment of an app's own database, rebuilt from the log of a real server: nothing of what came after is in it."""

import asyncio
import contextlib
import errno
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from bailiwick.core.clock import utc_now
from bailiwick.dataplane.databases import DatabaseError, DatabaseServer
from bailiwick.dataplane.databases.log import ServerLog
from bailiwick.store.embedded import EmbeddedPostgres
from tests.fixtures.app_databases import FIRST, AppDatabase, encoded
from tests.fixtures.moving import MovingClock
from tests.fixtures.waiting import until

pytestmark = pytest.mark.req("RV11")


def replicator(postgres: EmbeddedPostgres) -> Path:
    """Return the file with the URL of an account that may replicate, and nothing else."""
    postgres.create_role("app_databases_log", "of-the-log")
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("ALTER ROLE app_databases_log REPLICATION")
    file = postgres.data.parent / "app-databases-log.url"
    file.write_text(postgres.url("postgres", user="app_databases_log", password="of-the-log"))
    return file


@pytest.fixture
async def logged(app_database: AppDatabase, plane_folder: Path) -> AsyncIterator[AppDatabase]:
    """An app's database on a server whose log is kept."""
    plane_folder.chmod(0o711)  # as a plane's state: other uids come through
    account = DatabaseServer(replicator(app_database.server))
    week = timedelta(days=7)
    log = ServerLog(account, plane_folder / "log", "production", utc_now, keep=week, every=week)
    keeping = asyncio.create_task(log.run())
    await asyncio.to_thread(until, lambda: log.since() is not None)
    yield replace(app_database, keeper=replace(app_database.keeper, log=log))
    keeping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await keeping
    with psycopg.connect(app_database.server.url("postgres"), autocommit=True) as connection:
        connection.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active")


def now(database: AppDatabase) -> datetime:
    ((found,),) = database.ask("SELECT clock_timestamp()")
    assert isinstance(found, datetime)
    return found.astimezone(UTC)


async def test_a_database_is_put_back_to_a_moment_between_two_writes(logged: AppDatabase) -> None:
    await logged.keeper.ready(logged.state, encoded(FIRST))
    logged.ask("INSERT INTO orders (item) VALUES ('kept')")
    moment = now(logged)
    await asyncio.sleep(0.01)
    logged.ask("INSERT INTO orders (item) VALUES ('too late')")
    logged.ask("UPDATE orders SET item = 'mangled' WHERE item = 'kept'")

    before = await logged.keeper.restore_moment(logged.state, moment)

    assert logged.ask("SELECT item FROM orders") == [("kept",)]
    then, now_kept = logged.keeper.kept(logged.state)[1], logged.keeper.kept(logged.state)[0]
    assert then.why.startswith("as it was at ")
    assert now_kept.id == before.id
    # Nothing is lost: what came after is a snapshot.
    await logged.keeper.restore(logged.state, before.id)
    assert sorted(logged.ask("SELECT item FROM orders")) == [("mangled",), ("too late",)]


async def test_moments_that_cannot_be_had_are_refused_and_change_nothing(logged: AppDatabase) -> None:
    await logged.keeper.ready(logged.state, encoded(FIRST))
    logged.ask("INSERT INTO orders (item) VALUES ('kept')")
    with pytest.raises(DatabaseError, match="cannot be rebuilt: the first is"):
        await logged.keeper.restore_moment(logged.state, now(logged) - timedelta(hours=1))
    with pytest.raises(DatabaseError, match="has not come yet"):
        await logged.keeper.restore_moment(logged.state, now(logged) + timedelta(hours=1))
    with pytest.raises(DatabaseError, match="snapshots only"):
        await replace(logged.keeper, log=None).restore_moment(logged.state, now(logged))
    # The app's database was not there yet when the copy was made.
    assert logged.keeper.log is not None
    since = logged.keeper.log.since()
    assert since is not None
    with pytest.raises(DatabaseError, match="pg_dump failed"):
        await logged.keeper.restore_moment(logged.state, since)
    assert logged.ask("SELECT item FROM orders") == [("kept",)]
    assert logged.keeper.kept(logged.state) == []
    assert list(logged.keeper.log.segments.parent.glob("past-*")) == []


async def test_copies_and_log_that_no_moment_needs_are_forgotten(app_database: AppDatabase, plane_folder: Path) -> None:
    clock = MovingClock()
    account = DatabaseServer(replicator(app_database.server))
    day = timedelta(days=1)
    log = ServerLog(account, plane_folder / "log", "editor", clock, keep=2 * day, every=day)
    for folder in (log.segments, plane_folder / "log" / "copies"):
        folder.mkdir(parents=True)
    (log.segments / f"{0:024X}").touch()
    made = []
    for _ in range(4):
        made.append(await log.copy())
        clock.ahead += day
    log.forget_old()

    # Two days ago lies after the second copy: that one is needed, and the first is not.
    assert [copy.folder.name for copy in log.copies()] == [copy.folder.name for copy in reversed(made[2:])]
    assert not made[0].folder.exists()
    assert list(log.segments.iterdir()) == []


async def test_a_full_disk_while_rebuilding_is_said_and_changes_nothing(
    logged: AppDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    await logged.keeper.ready(logged.state, encoded(FIRST))
    monkeypatch.setattr("bailiwick.dataplane.databases.past.shutil.copytree", _no_room)
    with pytest.raises(DatabaseError, match="could not be rebuilt: No space left on device"):
        await logged.keeper.restore_moment(logged.state, now(logged))
    assert logged.keeper.log is not None
    assert list(logged.keeper.log.segments.parent.glob("past-*")) == []


def _no_room(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

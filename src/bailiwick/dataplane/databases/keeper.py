"""The keeper of apps' own databases: ready for a release before it serves, and opened to the app as its lesser role."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from bailiwick.core.clock import Clock
from bailiwick.core.grants import DataGrant
from bailiwick.core.messages import AppState
from bailiwick.core.migrations import Migration, migrations_of
from bailiwick.dataplane.databases.errors import DatabaseError
from bailiwick.dataplane.databases.log import ServerLog
from bailiwick.dataplane.databases.moving import Moved, Mover
from bailiwick.dataplane.databases.past import server_at
from bailiwick.dataplane.databases.plan import Plan, plan
from bailiwick.dataplane.databases.record import Applied, Record
from bailiwick.dataplane.databases.run import HeldLockError, Patience, set_limits
from bailiwick.dataplane.databases.schema import grant_of, open_to
from bailiwick.dataplane.databases.server import Connected, DatabaseServer, Opened, database_name
from bailiwick.dataplane.databases.snapshots import Keep, Snapshot, Snapshots
from bailiwick.dataplane.gateways.sql import Database
from bailiwick.dataplane.settings import AppDatabases

_PURPOSE = "migration"
# Two planes of one mode never move the same database at once.
_ADVISORY = 0x62_77_64_62


def keeper_of(settings: AppDatabases | None, state: Path, plane: str, clock: Clock) -> "Databases | None":
    """Return the keeper that the settings of a plane ask for; `state` is the plane's own folder."""
    if settings is None:
        return None
    server = DatabaseServer(settings.url_file)
    keep = Keep(settings.keep_snapshots, settings.keep_days)
    snapshots = Snapshots(server, state / "database-snapshots", clock, keep, settings.programs)
    patience = Patience(settings.lock_seconds, settings.statement_seconds)
    log = None
    if settings.any_moment is not None:
        log = ServerLog(
            DatabaseServer(settings.any_moment.url_file),
            state / "database-log",
            plane,
            clock,
            keep=timedelta(days=settings.any_moment.keep_days),
            every=timedelta(hours=settings.any_moment.copy_hours),
            programs=settings.programs,
        )
    return Databases(server, Record(state / "databases.key"), snapshots, patience, log)


@dataclass(frozen=True)
class Databases:
    """Every own database of the apps of a plane."""

    server: DatabaseServer
    record: Record
    snapshots: Snapshots
    patience: Patience
    log: ServerLog | None = None

    async def ready(
        self, state: AppState, files: Mapping[str, bytes], *, may_go_back: bool = True, accept_loss: bool = False
    ) -> Moved:
        """Bring an app's database to where a release needs it, in order, after a snapshot; return what was done.

        `may_go_back` is False for a release that is only kept alive: what came after it stays. Raises `WouldLoseError`
        when going back would lose data that was not given up, and `DatabaseError`; what serves can go on then.
        In a preview data is given up without asking, as its builder changes migrations while they write them.
        """
        accept_loss = accept_loss or state.mode == "preview"
        wanted = migrations_of(files)
        opened = await self.server.open(state)
        for attempt in range(1, self.patience.tries + 1):
            try:
                async with self._moving(opened) as (connection, applied):
                    found = plan(applied, wanted, mode=state.mode)
                    if found.back and not may_go_back:
                        return Moved()
                    return await self._move(state, opened, connection, found, len(applied), accept_loss=accept_loss)
            except HeldLockError:
                if attempt == self.patience.tries:
                    raise
            await asyncio.sleep(self.patience.pause_seconds)
        raise AssertionError("the last try either returns or raises")

    async def grant(self, state: AppState) -> DataGrant:
        """Return what an app may do in its database as it is now."""
        opened = await self.server.open(state)
        async with self.server.as_owner(opened, "look") as connection:
            return await grant_of(connection, state.app)

    async def target(self, state: AppState) -> Database:
        """Return where an app's statements go, and as whom."""
        return self.server.target(await self.server.open(state))

    async def applied(self, state: AppState) -> tuple[Applied, ...]:
        """Return the migrations that were run, in order."""
        opened = await self.server.open(state)
        async with self._moving(opened) as (_, applied):
            return applied

    def kept(self, state: AppState) -> list[Snapshot]:
        """Return the snapshots of an app's database, newest first."""
        return self.snapshots.list(database_name(state.tenant, state.app, state.mode, state.branch))

    async def drop(self, database: str) -> None:
        """Remove a database that nobody is served by any more, with its roles and snapshots."""
        await self.server.drop(database)
        self.snapshots.drop_all(database)

    async def restore_moment(self, state: AppState, moment: datetime) -> Snapshot:
        """Put an app's database back as it was at a moment; return a snapshot of what it was until now.

        What it was then is a snapshot from then on. Raises `DatabaseError` for a moment that cannot be rebuilt.
        """
        if self.log is None:
            raise DatabaseError(
                "this plane keeps snapshots only", hint="bailiwick database snapshots; any_moment in its settings"
            )
        opened = await self.server.open(state)
        async with server_at(self.log, moment) as past:
            why = f"as it was at {moment:%Y-%m-%d %H:%M:%S} UTC"
            then = await self.snapshots.take(opened, why=why, release=state.release, at=past)
        return await self.restore(state, then.id)

    async def restore(self, state: AppState, snapshot: str) -> Snapshot:
        """Put an app's database back as a snapshot has it; return a snapshot of what it was until now."""
        opened = await self.server.open(state)
        before = await self.snapshots.take(opened, why=f"before the return to {snapshot}", release=state.release)
        await self.snapshots.restore(opened, snapshot)
        async with self.server.as_owner(opened, _PURPOSE) as connection:
            await open_to(connection, opened.role)
        return before

    async def _move(
        self, state: AppState, opened: Opened, connection: Connected, found: Plan, steps: int, *, accept_loss: bool
    ) -> Moved:
        moved = Moved()
        mover = Mover(self.server, self.record, opened, connection)
        if not found.back and not found.forward:
            await open_to(connection, opened.role)
            return moved
        if steps:
            first: Migration = found.back[0].migration if found.back else found.forward[0]
            way = "the way back of " if found.back else ""
            taken = await self.snapshots.take(opened, why=f"before {way}{first.title}", release=state.release)
            moved.snapshot = taken.id
        try:
            await mover.move(found, state.release, accept_loss=accept_loss, moved=moved)
        except BaseException:
            if moved.snapshot and not moved.changed:
                self.snapshots.drop(opened.database, moved.snapshot)
            raise
        return moved

    @asynccontextmanager
    async def _moving(self, opened: Opened) -> AsyncIterator[tuple[Connected, tuple[Applied, ...]]]:
        async with self.server.as_owner(opened, _PURPOSE) as connection:
            try:
                await set_limits(connection, self.patience)
                await connection.execute("SELECT pg_advisory_lock(%s)", [_ADVISORY])
                await self.record.prepare(connection)
                applied = await self.record.applied(connection, opened.database)
            except psycopg.errors.LockNotAvailable:
                raise HeldLockError(
                    "another migration of this database is under way", hint="wait until it is done"
                ) from None
            yield connection, applied

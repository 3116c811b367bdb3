"""Moves one database along a plan: each run of migrations in one transaction, so that a fault changes nothing of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bailiwick.core.migrations import Migration, losses, read_script
from bailiwick.dataplane.databases.counting import lost
from bailiwick.dataplane.databases.errors import WouldLoseError
from bailiwick.dataplane.databases.plan import Plan, together
from bailiwick.dataplane.databases.record import Applied, Record
from bailiwick.dataplane.databases.run import Stopwatch, locks, run_script
from bailiwick.dataplane.databases.schema import open_to
from bailiwick.dataplane.databases.server import Connected, DatabaseServer, Opened

_INVALID = """
SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND NOT i.indisvalid
"""


@dataclass
class Moved:
    """What was done to a database: titles, how long each took in milliseconds, locks on tables, and what was lost."""

    back: list[str] = field(default_factory=list)
    forward: list[str] = field(default_factory=list)
    milliseconds: dict[str, float] = field(default_factory=dict)
    locks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    snapshot: str = ""

    @property
    def changed(self) -> bool:
        """Whether anything was run."""
        return bool(self.back or self.forward)


@dataclass(frozen=True)
class Mover:
    """Moves a database whose owner is connected; `server` is asked who holds locks."""

    server: DatabaseServer
    record: Record
    opened: Opened
    connection: Connected

    async def move(self, plan: Plan, release: str, *, accept_loss: bool, moved: Moved) -> None:
        """Take back and run what the plan says, writing down in `moved` what is durable.

        Raises `WouldLoseError` before anything that would lose data is done, and `DatabaseError` for a fault; of the
        run of migrations that it met nothing was done then.
        """
        await self._go_back(plan.back, accept_loss=accept_loss, moved=moved)
        for outside, run in together(plan.forward, "up"):
            if outside:
                await self._forward_outside(run[0], release, moved)
            else:
                await self._forward(run, release, moved)
        await open_to(self.connection, self.opened.role)

    async def _forward(self, run: Sequence[Migration], release: str, moved: Moved) -> None:
        done = Moved()
        async with self.connection.transaction():
            for migration in run:
                watch = Stopwatch()
                await run_script(
                    self.connection, migration.title, read_script(migration.title, migration.up), self.server
                )
                self._note(migration, watch, done.forward, done)
                milliseconds = watch.milliseconds
                await self.record.put(self.connection, self.opened.database, migration, release, milliseconds)
            done.locks[run[-1].title] = await locks(self.connection)
        _add(moved, done)

    async def _forward_outside(self, migration: Migration, release: str, moved: Moved) -> None:
        await self._clear_broken()
        name = self.opened.database
        await self.record.put(self.connection, name, migration, release, 0.0, finished=False)
        watch = Stopwatch()
        await run_script(self.connection, migration.title, read_script(migration.title, migration.up), self.server)
        await self.record.put(self.connection, name, migration, release, watch.milliseconds)
        self._note(migration, watch, moved.forward, moved)

    async def _go_back(self, back: Sequence[Applied], *, accept_loss: bool, moved: Moved) -> None:
        broken = [item.migration for item in back if not item.finished]
        if broken:
            await self._clear_broken()
            for migration in broken:
                await self.record.remove(self.connection, migration)
        for outside, run in together([item.migration for item in back if item.finished], "down"):
            done = Moved()
            if outside:
                await self._back(run, done, accept_loss=accept_loss)
            else:
                async with self.connection.transaction():
                    await self._back(run, done, accept_loss=accept_loss)
            _add(moved, done)

    async def _back(self, run: Sequence[Migration], moved: Moved, *, accept_loss: bool) -> None:
        for migration in run:
            found = [await lost(self.connection, item) for item in losses(migration.title, migration.down)]
            moved.lost += [f"{migration.title} {line}" for line in found if line]
            watch = Stopwatch()
            script = read_script(migration.title, migration.down)
            await run_script(self.connection, f"the way back of {migration.title}", script, self.server)
            await self.record.remove(self.connection, migration)
            self._note(migration, watch, moved.back, moved)
        # Only here is it known of every step; leaving undoes them all.
        if moved.lost and not accept_loss:
            raise WouldLoseError(moved.lost)

    async def _clear_broken(self) -> None:
        """Remove indexes that CONCURRENTLY left behind when it was broken off: nothing uses them."""
        found = await self.connection.execute(_INVALID)
        for row in await found.fetchall():
            await self.connection.execute(f"DROP INDEX CONCURRENTLY {row[0]}".encode())

    @staticmethod
    def _note(migration: Migration, watch: Stopwatch, titles: list[str], moved: Moved) -> None:
        titles.append(migration.title)
        moved.milliseconds[migration.title] = watch.milliseconds


def _add(moved: Moved, done: Moved) -> None:
    """Count in what has become durable."""
    moved.back += done.back
    moved.forward += done.forward
    moved.lost += done.lost
    moved.milliseconds |= done.milliseconds
    moved.locks |= done.locks

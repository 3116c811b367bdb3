"""Runs one script of a migration: in a transaction where that is possible, waiting for locks only so long."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from bailiwick.core.migrations import Script
from bailiwick.dataplane.databases.errors import DatabaseError
from bailiwick.dataplane.databases.server import Connected, DatabaseServer

_LOOK_SECONDS = 0.2
_SHOWN = 200
_HOLDERS = """
SELECT format('%%s session %%s of %%s (%%s since %%s)', CASE WHEN a.application_name = '' THEN 'the'
         ELSE quote_literal(a.application_name) END, a.pid, a.usename, a.state,
         to_char(a.xact_start AT TIME ZONE 'UTC', 'HH24:MI:SS'))
FROM pg_stat_activity a WHERE a.pid = ANY (pg_blocking_pids(%s))
"""
_LOCKS = """
SELECT DISTINCT format('%s on %s', l.mode, l.relation::regclass) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = pg_backend_pid() AND l.granted AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'bailiwick')
  AND c.relkind IN ('r', 'p') AND l.mode NOT IN ('AccessShareLock') ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a migration may wait for a lock and run a statement, in seconds, and how often a lock is tried for."""

    lock_seconds: float = 3.0
    statement_seconds: float = 300.0
    tries: int = 3
    pause_seconds: float = 2.0


class HeldLockError(DatabaseError):
    """A lock that the migration needs was held too long by somebody else; nothing was changed."""

    code = "database.lock-held"


async def set_limits(connection: Connected, patience: Patience) -> None:
    """Make the server give up waiting and running after so long."""
    for name, seconds in (("lock_timeout", patience.lock_seconds), ("statement_timeout", patience.statement_seconds)):
        value = sql.Literal(f"{int(seconds * 1000)}ms")
        await connection.execute(sql.SQL("SET {} = {}").format(sql.Identifier(name), value))


async def run_script(connection: Connected, title: str, script: Script, server: DatabaseServer) -> None:
    """Run a script's statements; raise `DatabaseError` that names the statement and why, or who held a lock."""
    for number, statement in enumerate(script.statements, start=1):
        holders: list[str] = []
        try:
            async with _watched(connection, server, holders):
                await connection.execute(statement.encode())
        except psycopg.errors.LockNotAvailable:
            who = f": held by {', '.join(holders)}" if holders else ""
            raise HeldLockError(
                f"{title} waited too long for a lock, in statement {number}, {_short(statement)}{who}",
                hint="end that session, or wait until it is done, and deploy again; nothing was changed",
            ) from None
        except psycopg.Error as fault:
            said = fault.diag.message_primary or type(fault).__name__
            raise DatabaseError(
                f"{title} failed in statement {number}, {_short(statement)}: {said}",
                hint="what serves goes on as it was; correct the migration and push again",
            ) from None


async def locks(connection: Connected) -> tuple[str, ...]:
    """Return the locks on tables that the present transaction holds, which it keeps to its end."""
    found = await connection.execute(_LOCKS.encode())
    return tuple(str(row[0]) for row in await found.fetchall())


@asynccontextmanager
async def _watched(connection: Connected, server: DatabaseServer, holders: list[str]) -> AsyncIterator[None]:
    """Look meanwhile who keeps a statement waiting: once it has given up, nobody can say."""
    watch = asyncio.create_task(_watch(connection.info.backend_pid, server, holders))
    try:
        yield
    finally:
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch


async def _watch(pid: int, server: DatabaseServer, holders: list[str]) -> None:
    await asyncio.sleep(_LOOK_SECONDS)
    with contextlib.suppress(psycopg.Error, DatabaseError):
        async with server.admin() as connection:
            while True:
                found = await connection.execute(_HOLDERS, [pid])
                seen = [str(row[0]).strip() for row in await found.fetchall()]
                if seen:
                    holders[:] = seen
                await asyncio.sleep(_LOOK_SECONDS)


def _short(statement: str) -> str:
    words = " ".join(statement.split())
    return f"«{words[:_SHOWN]}»" if len(words) <= _SHOWN else f"«{words[:_SHOWN]}…»"


class Stopwatch:
    """Milliseconds since it was made."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def milliseconds(self) -> float:
        """How long it has run."""
        return round((time.monotonic() - self._began) * 1000, 2)

"""Databases of branches' previews: which were made here, remembered on disk, and removed once nobody is served by them.

The desired state does not say what is gone, and a plane may start anew in between.
"""

import asyncio
import json
import logging
from collections.abc import Iterable
from pathlib import Path

import psycopg

from bailiwick.core.messages import AppState
from bailiwick.dataplane.databases.errors import DatabaseError
from bailiwick.dataplane.databases.keeper import Databases
from bailiwick.dataplane.databases.server import database_name

_LOG = logging.getLogger("bailiwick.plane.databases")


class BranchDatabases:
    """A list of names in a file of the plane's state."""

    def __init__(self, keeper: Databases, place: Path) -> None:
        self._keeper = keeper
        self._place = place
        # As of the newest state, whatever waits for the lock: nothing is removed that is wanted again by then.
        self._wanted: set[str] = set()
        self._lock = asyncio.Lock()

    async def remember(self, state: AppState) -> None:
        """Note that a branch's preview is about to have a database; what removes the one before is waited for."""
        name = _name(state)
        self._wanted.add(name)
        async with self._lock:
            self._write(self._names() | {name})

    async def drop_others(self, wanted: Iterable[AppState]) -> None:
        """Remove what none of these apps is served by; what cannot be removed now is tried with the next state."""
        self._wanted = {_name(state) for state in wanted if state.branch}
        async with self._lock:
            for name in sorted(self._names()):
                if name in self._wanted:
                    continue
                try:
                    await self._keeper.drop(name)
                except (DatabaseError, psycopg.Error, OSError) as fault:
                    _LOG.warning("the database %s of a branch could not be removed: %s", name, type(fault).__name__)
                else:
                    self._write(self._names() - {name})

    def _names(self) -> set[str]:
        return set(json.loads(self._place.read_text())) if self._place.exists() else set()

    def _write(self, names: set[str]) -> None:
        unfinished = self._place.with_suffix(".new")
        unfinished.write_text(json.dumps(sorted(names)))
        unfinished.replace(self._place)


def _name(state: AppState) -> str:
    return database_name(state.tenant, state.app, state.mode, state.branch)

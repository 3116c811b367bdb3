"""What was run in an app's database: which migration, when, by which release, and its way back, sealed by this plane.

The record lies in the app's database, in a schema that the app's role does not see, so that it comes and goes with the
data in snapshots. Whoever could change it would choose what the owner runs on a way back: each row is sealed with a key
that only this plane has.
"""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bailiwick.core.events import canonical_json
from bailiwick.core.migrations import Migration
from bailiwick.dataplane.databases.errors import DatabaseError
from bailiwick.dataplane.databases.server import Connected

_KEY_BYTES = 32
_TABLE = """
CREATE SCHEMA IF NOT EXISTS bailiwick;
CREATE TABLE IF NOT EXISTS bailiwick.migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    up text NOT NULL,
    down text NOT NULL,
    release text NOT NULL,
    ran_at timestamptz NOT NULL DEFAULT now(),
    milliseconds double precision NOT NULL,
    finished boolean NOT NULL,
    seal text NOT NULL
)
"""
_ROWS = "SELECT number, name, up, down, release, ran_at, milliseconds, finished, seal FROM bailiwick.migrations"


@dataclass(frozen=True, slots=True)
class Applied:
    """A migration that was run; one that is not `finished` was broken off outside a transaction."""

    migration: Migration
    release: str
    ran_at: datetime
    milliseconds: float
    finished: bool


class Record:
    """Reads and writes the record of one plane's databases."""

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file

    async def prepare(self, connection: Connected) -> None:
        """Make the record where there is none."""
        await connection.execute(_TABLE)

    async def applied(self, connection: Connected, database: str) -> tuple[Applied, ...]:
        """Return what was run, in order; raise `DatabaseError` when a row is not as this plane wrote it."""
        found = await connection.execute(f"{_ROWS} ORDER BY number")
        rows: list[Applied] = []
        for row in await found.fetchall():
            number, name, up, down, release, ran_at, milliseconds, finished, seal = row
            migration = Migration(int(str(number)), str(name), str(up), str(down))
            if not hmac.compare_digest(str(seal), self._seal(database, migration)):
                raise DatabaseError(
                    f"the record of {migration.title} in the database is not as this plane wrote it",
                    hint="somebody changed it, or this plane lost its state: restore a snapshot",
                )
            assert isinstance(ran_at, datetime)  # noqa: S101 - a timestamptz
            rows.append(Applied(migration, str(release), ran_at, float(str(milliseconds)), bool(finished)))
        return tuple(rows)

    async def put(
        self, connection: Connected, database: str, migration: Migration, release: str, milliseconds: float, *,
        finished: bool = True,
    ) -> None:  # fmt: skip
        """Write that a migration was run, or is being run."""
        await connection.execute(
            "INSERT INTO bailiwick.migrations (number, name, up, down, release, milliseconds, finished, seal)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (number) DO UPDATE SET"
            " finished = excluded.finished, milliseconds = excluded.milliseconds, release = excluded.release",
            [
                migration.number, migration.name, migration.up, migration.down, release, milliseconds, finished,
                self._seal(database, migration),
            ],
        )  # fmt: skip

    async def remove(self, connection: Connected, migration: Migration) -> None:
        """Write that a migration was taken back."""
        await connection.execute("DELETE FROM bailiwick.migrations WHERE number = %s", [migration.number])

    def _seal(self, database: str, migration: Migration) -> str:
        content = [database, migration.number, migration.name, migration.up, migration.down]
        return hmac.new(self._key(), canonical_json(content), hashlib.sha256).hexdigest()

    def _key(self) -> bytes:
        if not self._key_file.exists():
            handle = os.open(self._key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(_KEY_BYTES))
        return self._key_file.read_bytes()

"""What a plane knows of its jobs across restarts: up to when each was looked at, and which runs are not over.

A run is written down, with the time that it falls due, before it begins: a plane that is killed at any moment begins no
run twice.
"""

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS looked (
    app TEXT NOT NULL, job TEXT NOT NULL, spec TEXT NOT NULL, until TEXT NOT NULL, PRIMARY KEY (app, job)
);
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, app TEXT NOT NULL, job TEXT NOT NULL, release TEXT NOT NULL, asked_by TEXT NOT NULL,
    due TEXT, words TEXT NOT NULL, attempt INTEGER NOT NULL, retries INTEGER NOT NULL,
    retry_seconds INTEGER NOT NULL, again_at TEXT
);
"""
_LONGEST_WAIT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a job that is not over. `again_at` is when its next attempt begins, None while one goes on."""

    id: str
    app: str
    job: str
    release: str
    asked_by: str
    due: datetime | None
    words: str
    attempt: int
    retries: int
    retry_seconds: int
    again_at: datetime | None = None

    @property
    def may_try_again(self) -> bool:
        """Whether it has an attempt left."""
        return self.attempt <= self.retries

    @property
    def wait_seconds(self) -> int:
        """How long to wait before the next attempt: twice as long after each."""
        return min(self.retry_seconds << (self.attempt - 1), _LONGEST_WAIT_SECONDS)


class JobLedger:
    """The file in which a plane keeps this."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as database:
            database.executescript(_SCHEMA)

    def looked(self, app: str, job: str, spec: str) -> datetime | None:
        """Return up to when a job was looked at under this schedule, None when it never was."""
        with self._open() as database:
            query = "SELECT until FROM looked WHERE app = ? AND job = ? AND spec = ?"
            row = database.execute(query, [app, job, spec]).fetchone()
        return datetime.fromisoformat(row[0]) if row else None

    def look(self, app: str, job: str, spec: str, until: datetime, run: Run | None = None) -> None:
        """Remember that a job was looked at, and the run that begins for it, both or neither."""
        with self._open() as database:
            database.execute("REPLACE INTO looked VALUES (?, ?, ?, ?)", [app, job, spec, until.isoformat()])
            if run is not None:
                _write(database, run)

    def keep_apps(self, apps: Collection[str]) -> None:
        """Forget when jobs of other apps were looked at: they are not served here any more."""
        with self._open() as database:
            known = {row[0] for row in database.execute("SELECT DISTINCT app FROM looked")}
            for app in known.difference(apps):
                database.execute("DELETE FROM looked WHERE app = ?", [app])

    def put(self, run: Run) -> None:
        """Remember a run as it is now."""
        with self._open() as database:
            _write(database, run)

    def forget(self, run: str) -> None:
        """Forget a run: it is over."""
        with self._open() as database:
            database.execute("DELETE FROM runs WHERE id = ?", [run])

    def unfinished(self) -> list[Run]:
        """Return the runs that are not over, oldest first."""
        with self._open() as database:
            return [_read(row) for row in database.execute("SELECT * FROM runs ORDER BY rowid")]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self._path, timeout=30)
        try:
            database.execute("PRAGMA synchronous=FULL")
            with database:
                yield database
        finally:
            database.close()


def _write(database: sqlite3.Connection, run: Run) -> None:
    due = run.due.isoformat() if run.due is not None else None
    again = run.again_at.isoformat() if run.again_at is not None else None
    row = [run.id, run.app, run.job, run.release, run.asked_by, due, run.words]
    row += [run.attempt, run.retries, run.retry_seconds, again]  # type: ignore[list-item]
    database.execute(f"REPLACE INTO runs VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608 - places only


def _read(row: sqlite3.Row) -> Run:
    run, app, job, release, asked_by, due, words, attempt, retries, retry_seconds, again = row
    counts = (attempt, retries, retry_seconds)
    return Run(run, app, job, release, asked_by, _moment(due), words, *counts, _moment(again))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

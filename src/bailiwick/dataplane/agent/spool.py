"""The spool: reports wait here, on disk, until the control plane has them for good."""

import queue
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import TypeAdapter

from bailiwick.core.messages import AnyReport, Report, ReportBatch, Sequenced

_REPORT: TypeAdapter[AnyReport] = TypeAdapter(Report)
_REPORTS: TypeAdapter[list[AnyReport]] = TypeAdapter(list[Report])
# One statement a batch: a statement a row would take the interpreter's lock from the router that often.
_INSERT = "INSERT INTO reports (body) SELECT value FROM json_each(?) ORDER BY key"
_BATCH = 500
_SCHEMA = """
CREATE TABLE IF NOT EXISTS spool (name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS reports (sequence INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
"""


class Spool:
    """Reports in order. `add` only queues; a thread writes batches to SQLite, which survives `kill -9`.

    Numbers rise by one and never start again (AUTOINCREMENT), so the receiver can tell what it has seen.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._queue: queue.SimpleQueue[AnyReport | threading.Event | None] = queue.SimpleQueue()
        with self._open() as database:
            database.executescript(_SCHEMA)
            row = database.execute("SELECT name FROM spool").fetchone()
            self.name: str = row[0] if row else secrets.token_hex(16)
            if row is None:
                database.execute("INSERT INTO spool VALUES (?)", [self.name])
        self._writer = threading.Thread(target=self._write, name="spool", daemon=True)
        self._writer.start()

    def add(self, report: AnyReport) -> None:
        """Queue a report; never waits."""
        self._queue.put(report)

    def flush(self) -> None:
        """Wait until everything that was added before is on disk."""
        written = threading.Event()
        self._queue.put(written)
        written.wait()

    def close(self) -> None:
        """Write what is queued and stop."""
        self._queue.put(None)
        self._writer.join()

    def next_batch(self) -> ReportBatch | None:
        """Return the oldest reports, or None when there are none."""
        with self._open() as database:
            query = "SELECT sequence, body FROM reports ORDER BY sequence LIMIT ?"
            rows = database.execute(query, [_BATCH]).fetchall()
        if not rows:
            return None
        items = tuple(Sequenced(sequence=number, report=_REPORT.validate_json(body)) for number, body in rows)
        return ReportBatch(spool=self.name, reports=items)

    def forget(self, sequence: int) -> None:
        """Forget everything up to and with `sequence`: the control plane has it."""
        with self._open() as database:
            database.execute("DELETE FROM reports WHERE sequence <= ?", [sequence])

    def _write(self) -> None:
        with self._open() as database:
            while self._take(database):
                pass

    def _take(self, database: sqlite3.Connection) -> bool:
        """Write one batch; return whether to go on."""
        first = self._queue.get()
        items = [first]
        while len(items) < _BATCH and not self._queue.empty():
            items.append(self._queue.get_nowait())
        reports = [item for item in items if isinstance(item, AnyReport)]
        with database:
            database.execute(_INSERT, [_REPORTS.dump_json(reports, by_alias=True).decode()])
        for item in items:
            if isinstance(item, threading.Event):
                item.set()
        return None not in items

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self._path, timeout=30)
        try:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=FULL")
            with database:
                yield database
        finally:
            database.close()

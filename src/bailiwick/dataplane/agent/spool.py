"""The spool: reports wait here, on disk, until the control plane has them for good."""

import json
import logging
import secrets
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from bailiwick.core.masked_reports import masked_report
from bailiwick.core.masking import Masker
from bailiwick.core.messages import AnyReport, Report, ReportBatch, Sequenced
from bailiwick.core.telemetry import Register, own_register, undeclared_reports, without
from bailiwick.dataplane.agent.journal import Journal

_LOG = logging.getLogger("bailiwick.plane.spool")
_REPORT: TypeAdapter[AnyReport] = TypeAdapter(Report)
# One statement a batch: a statement a row would take the interpreter's lock from the router that often.
_INSERT = "INSERT INTO reports (body) SELECT value FROM json_each(?) ORDER BY key"
_DROP_OLDEST = "DELETE FROM reports WHERE sequence <= (SELECT max(sequence) FROM reports) - ?"
_BATCH = 500
# Until what could not be written is tried again.
_AGAIN_SECONDS = 1.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS spool (name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS reports (sequence INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS journal (taken INTEGER NOT NULL);
INSERT INTO journal SELECT 0 WHERE NOT EXISTS (SELECT * FROM journal);
"""


class Spool:
    """Reports in order. `add` writes to a journal, which survives `kill -9`; a thread brings that to SQLite in batches.

    Numbers rise by one and never start again (AUTOINCREMENT), so the receiver can tell what it has seen. What `masks`
    returns takes known secrets out of reports before they are on disk. Kinds of reports with fields that the register
    of telemetry does not declare are not sent, and fields that `off` names are left out of those that are. With `most`
    only so many are kept, the newest, and `at_once` is how many are sent together.
    """

    def __init__(
        self,
        path: Path,
        masks: Callable[[], Iterable[Masker]] = tuple,
        register: Register | None = None,
        off: Callable[[], Collection[str]] = tuple,
        *,
        most: int = 0,
        at_once: int = _BATCH,
    ) -> None:
        self._masks = masks
        self._off = off
        self._most = most
        self._at_once = at_once
        self._withheld = undeclared_reports(own_register() if register is None else register)
        for kind, names in self._withheld.items():
            _LOG.error("reports of the kind %s are not sent: %s is not in the register", kind, ", ".join(names))
        self._path = path
        self._journal = Journal(path)
        self._lock = threading.Lock()
        self._waiting: list[bytes] = []
        self._flushes: list[threading.Event] = []
        self._closing = threading.Event()
        self._more = threading.Event()
        self._stuck = ""
        with self._open() as database:
            database.executescript(_SCHEMA)
            row = database.execute("SELECT name FROM spool").fetchone()
            self.name: str = row[0] if row else secrets.token_hex(16)
            if row is None:
                database.execute("INSERT INTO spool VALUES (?)", [self.name])
            self._take_left(database)
        self._writer = threading.Thread(target=self._write, name="spool", daemon=True)
        self._writer.start()

    def add(self, report: AnyReport) -> None:
        """Keep a report; once this returns, it outlives this process. Waits for no disk.

        One that would tell something that is not in the register of telemetry is not kept.
        """
        if report.kind in self._withheld:
            return
        body = _REPORT.dump_json(report, by_alias=True)
        for masker in self._masks():
            if masker.finds(body.decode()):
                report = masked_report(report, masker)
                body = _REPORT.dump_json(report, by_alias=True)
        body = self._without(report.kind, body)
        with self._lock:
            self._journal.add(body)
            self._waiting.append(body)
        if not self._more.is_set():
            self._more.set()

    def _without(self, kind: str, body: bytes) -> bytes:
        off = [name for name in self._off() if name.startswith(f"plane.{kind}.")]
        if not off:
            return body
        document = json.loads(body)
        without(document, kind, off)
        return json.dumps(document, ensure_ascii=False).encode()

    def fault(self) -> str:
        """Return why what is said now would be in memory only, empty as long as it goes to the disk."""
        return self._stuck if self._journal.failed else ""

    def flush(self) -> None:
        """Wait until everything that was added before is in the database."""
        written = threading.Event()
        with self._lock:
            self._flushes.append(written)
        self._more.set()
        written.wait()

    def close(self) -> None:
        """Write what waits, and stop; to do so again changes nothing. What the database does not take then is in the
        journal, as far as that could be written.
        """
        self._closing.set()
        self._more.set()
        self._writer.join()
        self._journal.close()

    def next_batch(self) -> ReportBatch | None:
        """Return the oldest reports, or None when there are none."""
        with self._open() as database:
            query = "SELECT sequence, body FROM reports ORDER BY sequence LIMIT ?"
            rows = database.execute(query, [self._at_once]).fetchall()
        if not rows:
            return None
        items = tuple(Sequenced(sequence=number, report=_REPORT.validate_json(body)) for number, body in rows)
        return ReportBatch(spool=self.name, reports=items)

    def forget(self, sequence: int) -> None:
        """Forget everything up to and with `sequence`: the control plane has it."""
        with self._open() as database:
            database.execute("DELETE FROM reports WHERE sequence <= ?", [sequence])

    def _take_left(self, database: sqlite3.Connection) -> None:
        """Bring what a process that was killed had only in its journal to the database, once."""
        (taken,) = database.execute("SELECT taken FROM journal").fetchone()
        left, last = self._journal.left(taken)
        readable = [body for body in left if _is_report(body)]
        if len(readable) < len(left):
            _LOG.error("%d reports in the journal cannot be read and are left out", len(left) - len(readable))
        _insert(database, readable)
        database.execute("UPDATE journal SET taken = ?", [last])
        database.commit()
        self._journal.begin(last)

    def _write(self) -> None:
        with self._open() as database:
            while self._take(database):
                pass

    def _take(self, database: sqlite3.Connection) -> bool:
        """Bring what waits to the database; return whether to go on."""
        self._more.wait()
        self._more.clear()
        closing = self._closing.is_set()
        with self._lock:
            bodies, self._waiting = self._waiting, []
            flushes, self._flushes = self._flushes, []
            turn = self._journal.next()
        kept = self._kept(database, bodies, turn)
        if kept:
            self._journal.drop(turn)
        for written in flushes:
            written.set()
        return kept and not closing

    def _kept(self, database: sqlite3.Connection, bodies: list[bytes], turn: int) -> bool:
        """Bring bodies to the database, as often as it takes; return whether it has them before this is closed."""
        while True:
            try:
                with database:
                    _insert(database, bodies)
                    if self._most and bodies:
                        database.execute(_DROP_OLDEST, [self._most])
                    database.execute("UPDATE journal SET taken = ?", [turn])
            except sqlite3.Error as fault:
                # Such as a full disk. They are tried again: to lose them, or to go on without a record, is worse.
                if not self._stuck:
                    _LOG.error("reports cannot be written to %s: %s", self._path, fault)
                self._stuck = str(fault)
                if self._closing.wait(_AGAIN_SECONDS):
                    return False
            else:
                if self._stuck:
                    _LOG.warning("reports are written to %s again", self._path)
                self._stuck = ""
                return True

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


def _insert(database: sqlite3.Connection, bodies: list[bytes]) -> None:
    for first in range(0, len(bodies), _BATCH):
        database.execute(_INSERT, [(b"[%b]" % b",".join(bodies[first : first + _BATCH])).decode()])


def _is_report(body: bytes) -> bool:
    try:
        _REPORT.validate_json(body)
    except ValidationError:
        return False
    return True

"""The process of one database file: `python -m bailiwick.dataplane.database_files.worker`.

It is told the file by whoever starts it, opens it once and answers until nobody asks. One thread runs statements,
another listens meanwhile, so that a statement can be cancelled. It keeps no more rows than one answer holds.
"""

import contextlib
import itertools
import queue
import resource
import struct
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from bailiwick.dataplane.database_files import frames
from bailiwick.dataplane.database_files.faults import CANCELLED, FileFaultError
from bailiwick.dataplane.database_files.kinds import ValueFaultError, encode

_MOST_MEMORY = 4 * 2**30
_BATCH_BYTES, _FETCHED = 64 * 1024, 64
# How long an interruption waits before it is said again.
_AGAIN_SECONDS = 0.05
_MOST_ROW_BYTES = 16 * 2**20
_NULL = struct.pack("!i", -1)


class _File(Protocol):
    def describe(self, tables: Any) -> Any: ...
    def execute(self, sql: str, values: dict[str, Any]) -> Any: ...
    def control(self, word: str) -> None: ...
    def interrupt(self) -> None: ...
    def value(self, kind: str, text: str | None) -> object: ...
    def fault(self, problem: Exception) -> FileFaultError: ...


def _opened(asked: dict[str, Any]) -> _File:
    if asked["dialect"] == "sqlite":
        from bailiwick.dataplane.database_files.sqlite_file import SqliteFile  # noqa: PLC0415 - one of two is needed

        return SqliteFile(asked["path"], writing=asked["writing"])
    from bailiwick.dataplane.database_files.duckdb_file import DuckdbFile  # noqa: PLC0415 - large

    return DuckdbFile(asked["path"], writing=asked["writing"])


class Worker:
    """Answers questions about one file."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._file: _File | None = None
        self._cursor: Any = None
        self._kinds: list[str] = []
        self._formats: list[bool] = []
        self._busy = False
        self._cancelled = False

    def hear(self, asked: dict[str, Any]) -> None:
        """Take note of a question as it comes, from another thread: what is cancelled from now on is this one."""
        if asked["do"] == "run":
            self._cancelled = False

    def cancel(self) -> None:
        """End what runs, from another thread; a statement of which rows are still to be fetched ends with the next."""
        self._cancelled = True
        if self._busy:
            threading.Thread(target=self._interrupt, daemon=True).start()

    def _interrupt(self) -> None:
        """Interrupt until it is heard: a database that is just beginning forgets that it was."""
        while self._busy and self._cancelled and self._file is not None:
            self._file.interrupt()
            time.sleep(_AGAIN_SECONDS)

    def answer(self, asked: dict[str, Any]) -> None:
        """Answer one question."""
        try:
            self._busy = True
            self._write(self._answer(asked))
        except FileFaultError as fault:
            self._write(frames.said(frames.FAULT, [fault.words, fault.sqlstate]))
        except ValueFaultError as fault:
            self._cursor = None
            self._write(frames.said(frames.FAULT, [str(fault), fault.sqlstate]))
        except Exception as fault:  # whatever the file's database says stays here
            self._cursor = None
            told = self._file.fault(fault) if self._file else FileFaultError("the file cannot be opened", "58030")
            self._write(frames.said(frames.FAULT, [told.words, told.sqlstate]))
        finally:
            self._busy = False

    def _answer(self, asked: dict[str, Any]) -> bytes:
        match asked["do"]:
            case "open":
                self._file = _opened(asked)
                return frames.said(frames.SAID, "open")
            case "describe":
                return frames.said(frames.SAID, self._opened_file.describe(asked["tables"]))
            case "control":
                self._cursor = None
                self._opened_file.control(asked["word"])
                return frames.said(frames.SAID, asked["word"])
            case "run":
                return self._run(asked)
            case "more":
                return self._rows()
        self._cursor = None
        return frames.said(frames.SAID, "stopped")

    @property
    def _opened_file(self) -> _File:
        if self._file is None:
            raise FileFaultError("no file is open", "08003")
        return self._file

    def _run(self, asked: dict[str, Any]) -> bytes:
        self._cursor = None
        if self._cancelled:
            raise FileFaultError(*CANCELLED)
        self._kinds, self._formats = asked["kinds"], asked["formats"]
        file = self._opened_file
        values = {f"b{place}": file.value(kind, text) for place, (kind, text) in enumerate(asked["values"])}
        self._cursor = file.execute(asked["sql"], values)
        if not self._kinds:
            return self._ended(self._cursor)
        return self._rows()

    def _ended(self, cursor: Any) -> bytes:
        changed = max(0, getattr(cursor, "rowcount", 0))
        if changed <= 0 and cursor is not None and cursor.description:
            # DuckDB tells the number of changed rows as a row.
            row = cursor.fetchone()
            changed = int(row[0]) if row and isinstance(row[0], int) else 0
        self._cursor = None
        return frames.said(frames.END, changed)

    def _rows(self) -> bytes:
        """Return rows up to a size, or the end."""
        if self._cancelled:
            self._cursor = None
            raise FileFaultError(*CANCELLED)
        if self._cursor is None:
            return frames.said(frames.END, 0)
        made, size, count = [], 0, 0
        while size < _BATCH_BYTES:
            rows = self._cursor.fetchmany(_FETCHED)
            if not rows:
                break
            for row in rows:
                made.append(self._row(row))
                size += len(made[-1])
            count += len(rows)
        if not count:
            self._cursor = None
            return frames.said(frames.END, 0)
        return frames.frame(frames.ROWS, struct.pack("!I", count) + b"".join(made))

    def _row(self, row: Any) -> bytes:
        parts = []
        for value, kind, binary in zip(row, self._kinds, self._formats, strict=True):
            if value is None:
                parts.append(_NULL)
                continue
            data = encode(kind, value, binary=binary)
            parts += [struct.pack("!i", len(data)), data]
        body = b"".join(parts)
        if len(body) > _MOST_ROW_BYTES:
            raise FileFaultError("a row is larger than 16 MiB", "54000")
        return b"D" + struct.pack("!IH", len(body) + 6, len(row)) + body


def main() -> None:
    """Answer until nobody asks."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    questions: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    out = sys.stdout.buffer

    def write(data: bytes) -> None:
        out.write(data)
        out.flush()

    worker = Worker(write)

    def listen() -> None:
        with contextlib.suppress(EOFError, ValueError):
            while True:
                asked = frames.read(sys.stdin.buffer)
                if asked["do"] == "cancel":
                    worker.cancel()
                else:
                    worker.hear(asked)
                    questions.put(asked)
        worker.cancel()
        questions.put(None)

    threading.Thread(target=listen, daemon=True).start()
    for _ in itertools.count():
        asked = questions.get()
        if asked is None:
            return
        with contextlib.suppress(BrokenPipeError):
            worker.answer(asked)


if __name__ == "__main__":
    main()

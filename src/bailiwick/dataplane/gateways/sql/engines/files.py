"""Database files: each connection is a process of its own, which opened one file and is ended with it.

What is idle is kept a moment for the next connection of the same app: a file has no session that could be left behind.
"""

import asyncio
import contextlib
import json
import os
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bailiwick.core.errors import UnavailableError
from bailiwick.core.grants import TableGrant
from bailiwick.dataplane.database_files import frames
from bailiwick.dataplane.gateways.sql.engines.model import Batch, EngineFaultError, Rows, Schema, Value, named_columns

_OPEN_SECONDS = 20.0
_MOST_IDLE, _IDLE_SECONDS = 4, 30.0
_LOST = EngineFaultError("the database's process ended", "57P01")


@dataclass(frozen=True, slots=True)
class DatabaseFile:
    """A file, and the folders of this plane that database files may be in."""

    dialect: Literal["sqlite", "duckdb"]
    path: str
    folders: tuple[Path, ...]
    writable: bool = False

    def require_allowed(self) -> str:
        """Return the path when it is a file in one of the folders; raise otherwise, also for a link that leads out."""
        real = Path(os.path.realpath(self.path))
        inside = any(real.is_relative_to(os.path.realpath(folder)) for folder in self.folders)
        try:
            regular = inside and stat.S_ISREG(real.stat().st_mode)
        except OSError:
            regular = False
        if not regular:
            raise UnavailableError(
                f"the plane has no database file {self.path}", hint="name its folder in the plane's database_files"
            )
        return str(real)


@dataclass
class FileEngine:
    """Opens connections to one file, for one app."""

    file: DatabaseFile
    _idle: list["FileConnection"] = field(default_factory=list)

    @property
    def dialect(self) -> Literal["sqlite", "duckdb"]:
        """What it speaks."""
        return self.file.dialect

    async def connect(self, application: str, *, writing: bool) -> "FileConnection":  # noqa: ARG002 - no log to name it in
        """Return a connection, read-only where the grant or the file is."""
        path = self.file.require_allowed()
        writing = writing and self.file.writable
        while self._idle:
            known = self._idle.pop()
            if known.fits(path, writing=writing):
                return known.again()
            known.end()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bailiwick.dataplane.database_files.worker", cwd="/",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env={name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ},
            limit=frames.MOST_BYTES,
        )  # fmt: skip
        connection = FileConnection(self, process, path, writing)
        try:
            async with asyncio.timeout(_OPEN_SECONDS):
                await connection.ask({"do": "open", "dialect": self.dialect, "path": path, "writing": writing})
        except (TimeoutError, EngineFaultError) as fault:
            connection.end()
            raise UnavailableError(f"the database file {self.file.path} cannot be opened") from fault
        except BaseException:
            connection.end()
            raise
        return connection

    def keep(self, connection: "FileConnection") -> bool:
        """Keep what is idle for a while; return whether it is kept."""
        # DuckDB lets one process write a file, and none read it meanwhile.
        if len(self._idle) >= _MOST_IDLE or (connection.writing and self.dialect == "duckdb"):
            return False
        self._idle.append(connection)
        asyncio.get_running_loop().call_later(_IDLE_SECONDS, self._drop, connection, connection.uses)
        return True

    def _drop(self, connection: "FileConnection", uses: int) -> None:
        if connection in self._idle and connection.uses == uses:
            self._idle.remove(connection)
            connection.end()

    def close(self) -> None:
        """End what is idle."""
        for connection in self._idle:
            connection.end()
        self._idle.clear()


class FileConnection:
    """A connection to a file: the pipe to its process."""

    def __init__(self, engine: FileEngine, process: asyncio.subprocess.Process, path: str, writing: bool) -> None:
        self._engine, self._process = engine, process
        self._path, self.writing = path, writing
        self._changed = 0
        self._open = self._fetching = self._asking = False
        self.uses = 0

    def fits(self, path: str, *, writing: bool) -> bool:
        """Return whether it lives, and goes to this file in this way."""
        return (self._process.returncode, self._path, self.writing) == (None, path, writing)

    def again(self) -> "FileConnection":
        """Return it for another use."""
        self.uses += 1
        return self

    @property
    def is_followed(self) -> bool:
        """Whether there is a newer account: a file has no account."""
        return False

    @property
    def changed(self) -> int:
        """How many rows the last statement changed."""
        return self._changed

    async def ask(self, question: dict[str, Any]) -> Any:
        """Return what the process says to something that is no statement."""
        kind, data = await self._exchange(question)
        if kind != frames.SAID:
            raise _LOST
        return json.loads(data)

    async def run(self, sql: str, values: Sequence[Value], kinds: Sequence[str], formats: Sequence[bool]) -> Rows:
        """Run a statement; its rows come as they are taken."""
        question: dict[str, Any] = {
            "do": "run", "sql": sql, "values": list(values), "kinds": list(kinds), "formats": list(formats)
        }  # fmt: skip
        self._changed = 0
        self._fetching = True
        while True:
            kind, data = await self._exchange(question)
            if kind != frames.ROWS:
                break
            yield Batch(data[4:], int.from_bytes(data[:4]))
            question = {"do": "more"}
        self._fetching = False
        self._changed = int(json.loads(data))

    async def describe(self, tables: Sequence[TableGrant]) -> Schema:
        """Return the columns of granted tables, and let nothing else be used."""
        asked = [(table.namespace, table.relation, sorted(named_columns(table))) for table in tables]
        found = await self.ask({"do": "describe", "tables": asked})
        return {(namespace, name): dict(columns) for namespace, name, columns in found}

    async def control(self, word: str) -> None:
        """Begin, commit or roll back."""
        await self.ask({"do": "control", "word": word})
        self._open = word not in {"COMMIT", "ROLLBACK"}
        self._fetching = False

    async def cancel(self) -> None:
        """End what runs."""
        self._send({"do": "cancel"})

    def close(self) -> None:
        """End it, or keep it when nothing is open in it."""
        idle = not (self._open or self._fetching or self._asking) and self._process.returncode is None
        if not (idle and self._engine.keep(self)):
            self.end()

    def end(self) -> None:
        """End the process, with what it runs: the file's own journal takes back what was not committed."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def _send(self, question: dict[str, Any]) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it was asked for
        self._process.stdin.write(frames.said(frames.ASKED, question))

    async def _exchange(self, question: dict[str, Any]) -> tuple[bytes, bytes]:
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        self._asking = True
        try:
            self._send(question)
            head = await self._process.stdout.readexactly(frames.HEAD.size)
            length, kind = frames.HEAD.unpack(head)
            if length > frames.MOST_BYTES:
                raise _LOST
            data = await self._process.stdout.readexactly(length)
        except (OSError, asyncio.IncompleteReadError) as fault:
            self.end()
            raise EngineFaultError(_LOST.words, _LOST.sqlstate) from fault
        self._asking = False
        if kind == frames.FAULT:
            self._fetching = False
            words, sqlstate = json.loads(data)
            raise EngineFaultError(str(words), str(sqlstate))
        return kind, data

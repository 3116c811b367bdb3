"""Running what was decided and translated: transactions, rows, cancelling, and what is told of it."""

import asyncio
import contextlib
import struct
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from bailiwick.core.errors import UnavailableError
from bailiwick.core.principals import Identity
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.sql.engines import settings
from bailiwick.dataplane.gateways.sql.engines.masking import Masking
from bailiwick.dataplane.gateways.sql.engines.model import (
    Batch,
    Column,
    DialectName,
    EngineConnection,
    EngineFaultError,
    Rows,
    Translated,
)
from bailiwick.dataplane.gateways.sql.engines.portals import Portal, Statement, bound, row_description
from bailiwick.dataplane.gateways.sql.engines.row_log import keys_of
from bailiwick.dataplane.gateways.sql.engines.savepoints import Savepoints
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.gateway import Measured, SqlGateway
from bailiwick.dataplane.gateways.sql.holding import BrokenOffError, Holding
from bailiwick.dataplane.gateways.sql.messages import Message, text
from bailiwick.dataplane.gateways.sql.rows import ended_words

# How long the database may think about being told to stop.
_CANCEL_SECONDS = 5.0
_Answer = TypeVar("_Answer")
_WRITES = frozenset({"insert", "update", "delete"})


@dataclass(eq=False)
class Runner:
    """Runs statements on one connection. `status` is as ReadyForQuery says it, `behind` whom open things are for,
    `masking` makes the masks that the database cannot.
    """

    gateway: SqlGateway
    binding: Binding
    channel: Channel
    upstream: EngineConnection
    dialect: DialectName
    holding: Holding
    masking: Masking | None = None
    status: bytes = b"I"
    behind: list[Identity] = field(default_factory=list)
    busy: bool = False
    _implicit: bool = False
    _read_only: bool = False
    _current: Portal | None = None
    _savepoints: Savepoints = field(init=False)

    def __post_init__(self) -> None:
        self._savepoints = Savepoints(known=self.dialect != "duckdb")

    @property
    def is_idle(self) -> bool:
        """Whether nothing is open at the database: another connection to it would do as well."""
        return self.status == b"I" and not self._implicit and self._current is None

    # -- transactions --------------------------------------------------------------------------------------------

    def require_open(self) -> None:
        """Raise when the transaction failed: nothing but its end is done then."""
        if self.status == b"E":
            raise StatementRefusedError("the transaction failed; end it", hint="ROLLBACK", sqlstate="25P02")

    async def fail(self) -> None:
        """Take back what a statement that failed was part of."""
        await self._leave_current()
        if self._implicit or (self.status == b"T" and not self._savepoints):
            await self._control("ROLLBACK")
        self._implicit = False
        self.status = b"E" if self.status in {b"T", b"E"} else b"I"
        self._rest()

    async def sync(self) -> None:
        """End what a group of messages began by itself."""
        if self._implicit:
            self._implicit = False
            await self._control("COMMIT")
        if self.status == b"I":
            await self._leave_current()
        self._rest()

    def _rest(self) -> None:
        if self.status == b"I":
            self.behind.clear()

    async def _control(self, word: str) -> None:
        await self._leave_current()
        await self._watched(self.upstream.control(word))

    def described(self, statement: Statement) -> bytes:
        """Return the RowDescription of a statement that is answered here."""
        if statement.decided.operation == "session":
            said = settings.read(statement.decided.sql)
            if said.shown is not None:
                return row_description(_SHOWN, ())
        return Message(b"n", b"").encode()

    async def session(self, statement: Statement, *, simple: bool) -> str | None:
        """Do a statement about the session; return the name that it forgets, empty for all, None for none."""
        if statement.decided.operation == "empty":
            self.channel.write(Message(b"I", b"").encode())
            return None
        said = settings.read(statement.decided.sql)
        tag = said.tag
        if said.savepoint is not None:
            await self._savepoint(said.tag, said.savepoint)
        elif said.control == "BEGIN":
            await self._begin_transaction(statement, read_only=said.read_only)
        elif said.control:
            tag = await self._end_transaction(said.control)
        else:
            self.require_open()
        if said.shown is not None:
            if simple:
                self.channel.write(row_description(_SHOWN, ()))
            value = said.shown.encode()
            self.channel.write(Message(b"D", struct.pack("!Hi", 1, len(value)) + value).encode())
        self._complete(tag)
        return said.forgotten

    async def _begin_transaction(self, statement: Statement, *, read_only: bool) -> None:
        self.require_open()
        if self.status == b"I":
            if not self._implicit:
                await self._control("BEGIN")
            self._implicit = False
            self.status, self._read_only = b"T", read_only
            self._know(statement)

    async def _end_transaction(self, word: str) -> str:
        """End the transaction, and return how it ended: one that failed is taken back."""
        # What failed was taken back at once, unless a savepoint in it may still be gone back to.
        is_open = self.status == b"T" or bool(self._savepoints)
        word = "ROLLBACK" if self.status == b"E" else word
        self.status, self._read_only = b"I", False
        self._savepoints.clear()
        if is_open:
            await self._control(word)
        return word

    async def _savepoint(self, tag: str, name: str) -> None:
        if tag != "ROLLBACK":
            self.require_open()
        if self.status == b"I":
            raise StatementRefusedError("savepoints stand in a transaction", sqlstate="25P01")
        words = self._savepoints.words(tag, name)
        if words:
            await self._control(words)
        self.status = b"T"

    # -- statements ----------------------------------------------------------------------------------------------

    def _know(self, statement: Statement) -> None:
        allowed = statement.decided.allowed
        if allowed.call is not None and allowed.identity not in self.behind:
            self.behind.append(allowed.identity)

    async def run(self, portal: Portal, most: int, *, simple: bool) -> None:
        """Run a portal, or go on with it, for at most so many rows; 0 is all."""
        self.require_open()
        if portal.lost:
            raise StatementRefusedError(
                "another statement was run before this one was read to its end", sqlstate="55000"
            )
        self._require_lasting(portal)
        if portal.rows is None and not portal.done:
            await self._leave_current()
            await self.holding.begin(portal.statement.decided.allowed, 1)
            await self._begin(portal, simple=simple)
        sent = await self._send(portal, most)
        translated = portal.statement.translated
        assert translated is not None  # noqa: S101 - the caller looked
        if not portal.done:
            self.channel.write(Message(b"s", b"").encode())
            return
        self.holding.end()
        portal.sent += 0 if translated.columns else self.upstream.changed
        rows = portal.sent
        tag = {"select": f"SELECT {sent if most else rows}", "insert": f"INSERT 0 {rows}"}.get(
            translated.operation, f"{translated.operation.upper()} {rows}"
        )
        if not translated.columns:
            self.gateway.saw_rows(self.binding, rows)
            allowed = portal.statement.decided.allowed
            self.holding.changed(allowed, allowed.steps[0], rows)
        self._note(portal, tag, rows)
        self._complete(tag)

    def _require_lasting(self, portal: Portal) -> None:
        """Raise, audited, when a grant has ended that the statement was made under, however long ago that was."""
        translated, now = portal.statement.translated, self.gateway.clock()
        for end in translated.ends if translated is not None else ():
            if now >= end.until:
                fault = StatementRefusedError(
                    ended_words(end.table, f"{end.until:%Y-%m-%d}"), deciders=("grant-ended",)
                )
                self.gateway.note_refused(fault, self.binding, portal.statement.decided.allowed)
                raise fault

    def _note(self, portal: Portal, tag: str, rows: int) -> None:
        if portal.noted:
            return
        portal.noted = True
        if portal.keys is not None:
            portal.keys.end(rows=rows)
        spent = (time.perf_counter() - portal.began) * 1000
        portal.statement.decided.note(self.gateway, self.binding, Measured(tag, rows, portal.bytes, spent))

    def end(self) -> None:
        """Audit what went of a statement that nobody reads to its end: the connection ends."""
        if self._current is not None:
            self._note_broken(self._current)

    def _note_broken(self, portal: Portal) -> None:
        if portal.sent:
            self._note(portal, "", portal.sent)

    def _count(self, portal: Portal, rows: int, size: int) -> None:
        """Count rows that came; where they are more than may come, what was sent before is still audited."""
        allowed = portal.statement.decided.allowed
        try:
            self.holding.came(allowed, allowed.steps[0], rows, size)
        except BrokenOffError:
            self._note(portal, "", portal.sent)
            raise

    def _complete(self, tag: str) -> None:
        self.channel.write(Message(b"C", text(tag)).encode())

    async def _begin(self, portal: Portal, *, simple: bool) -> None:
        translated = portal.statement.translated
        assert translated is not None  # noqa: S101 - the caller looked
        values = bound(portal, self.dialect, self.gateway.clock())
        if translated.operation in _WRITES:
            if self._read_only:
                raise StatementRefusedError("the transaction is for reading only", sqlstate="25006")
            if self.status == b"I" and not simple and not self._implicit:
                # What an app sends up to one Sync is one transaction (PostgreSQL documentation, 54.2.4).
                await self._control("BEGIN")
                self._implicit = True
        key = self.masking.key if self.masking is not None else b""
        portal.keys = keys_of(self.gateway, self.binding, portal, translated, key)
        self._know(portal.statement)
        self._savepoints.did()
        portal.began = time.perf_counter()
        kinds = [column.kind for column in translated.columns]
        formats: Sequence[bool] = portal.formats
        if translated.is_masked:
            kinds, formats = self._held_masking().asked(translated.columns, formats)
        portal.rows = self.upstream.run(portal.statement.decided.comment + translated.sql, values, kinds, formats)
        self._current = portal

    async def _send(self, portal: Portal, most: int) -> int:
        """Send rows, at most so many, and return how many; a batch that holds more waits for the next Execute."""
        sent = 0
        while not most or sent < most:
            if portal.held:
                data, rows = portal.held.pop()
            else:
                batch = await self._next(portal)
                if batch is None:
                    portal.done, portal.rows, self._current = True, None, None
                    break
                data, rows = batch
            if most and sent + rows > most:
                cut = _end_of(data, most - sent)
                portal.held.append((data[cut:], rows - (most - sent)))
                data, rows = data[:cut], most - sent
            self._count(portal, rows, len(data))
            sent += rows
            portal.sent += rows
            portal.bytes += len(data)
            self.gateway.saw_rows(self.binding, rows)
            if portal.keys is not None:
                portal.keys.feed(data)
            self.channel.write(data)
            await self.channel.drain()
        return sent

    async def _next(self, portal: Portal) -> Batch | None:
        assert portal.rows is not None  # noqa: S101 - it began
        batch = await self._watched(_next_of(portal.rows))
        translated = portal.statement.translated
        if batch is None or translated is None or not translated.is_masked:
            return batch
        return self._held_masking().batch(batch, translated.columns, portal.formats)

    def _held_masking(self) -> Masking:
        if self.masking is None:
            raise StatementRefusedError("the key of masks is not there", deciders=("translation",))
        return self.masking

    async def _leave_current(self) -> None:
        """Give up a portal that is not read to its end: the connection is needed."""
        self.holding.end()
        current, self._current = self._current, None
        if current is not None and current.rows is not None:
            current.lost = True
            self._note_broken(current)
            rows, current.rows = current.rows, None
            await rows.aclose()  # type: ignore[attr-defined]

    async def _watched(self, waiting: Awaitable[_Answer]) -> _Answer:
        """Return what the database answers; it is told to stop when that takes too long, and ended when it does not."""
        loop, seconds = asyncio.get_running_loop(), self.holding.statement_seconds
        stops: list[asyncio.Task[None]] = []
        timers = [
            loop.call_later(seconds, lambda: stops.append(loop.create_task(self._stop()))),
            loop.call_later(seconds + _CANCEL_SECONDS, self.upstream.end),
        ]
        self.busy = True
        try:
            return await waiting
        except EngineFaultError:
            if stops:
                raise EngineFaultError("the statement took too long and was cancelled", "57014") from None
            raise
        finally:
            self.busy = False
            for timer in timers:
                timer.cancel()

    async def _stop(self) -> None:
        with contextlib.suppress(OSError, EOFError, TimeoutError, UnavailableError):
            await self.upstream.cancel()


async def _next_of(rows: Rows) -> Batch | None:
    return await anext(rows, None)


_SHOWN = Translated("", "session", (Column("setting", "text"),))


def _end_of(data: bytes, rows: int) -> int:
    """Return where a number of rows ends."""
    place = 0
    for _ in range(rows):
        place += 1 + int.from_bytes(data[place + 1 : place + 5])
    return place

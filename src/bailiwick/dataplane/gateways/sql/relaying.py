"""What a database answers, on its way to the app: passed on as it comes, understood as far as we must remember it."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bailiwick.core.principals import Identity
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.sql.answers import Answers, AnswerScanner, Mark
from bailiwick.dataplane.gateways.sql.faults import told
from bailiwick.dataplane.gateways.sql.gateway import Allowed, Measured, SqlGateway
from bailiwick.dataplane.gateways.sql.holding import BrokenOffError
from bailiwick.dataplane.gateways.sql.messages import Message, ProtocolError, error_fields, text
from bailiwick.dataplane.gateways.sql.prepared import Prepared
from bailiwick.dataplane.gateways.sql.row_keys import RowKeys
from bailiwick.dataplane.gateways.sql.statements import Step

_STATUSES = frozenset([b"I", b"T", b"E"])
_READY, _ERROR, _COMPLETE = ord("Z"), ord("E"), ord("C")
_EXECUTED, _CONFIRMED, _SOFTENED = frozenset(b"CIs"), frozenset(b"123"), frozenset(b"EN")
# What else it may say to what is passed on: columns, parameters, no data, the ends of a COPY, notices, settings.
_OTHERS = frozenset(b"TtnHcNS")
_MOST_DIGITS = 19


@dataclass(slots=True)
class _Running:
    """A statement that was sent and whose answer is awaited."""

    allowed: Allowed
    step: Step
    began: float
    rows: int = 0
    bytes: int = 0
    keys: RowKeys | None = None


class DatabaseGoneError(Exception):
    """The database ended the connection, or says nothing any more. `within` a row nothing more can be said."""

    def __init__(self, why: str, *, within: bool) -> None:
        super().__init__(why)
        self.within = within


@dataclass(eq=False)
class Relay:
    """The answers of one connection: who is behind what runs, and the state that the database is in.

    `came` is told of the rows that came and their bytes, and may raise; `changed` of rows that were changed.
    """

    gateway: SqlGateway
    binding: Binding
    channel: Channel
    prepared: Prepared = field(default_factory=Prepared)
    status: bytes = b"I"
    failed: bool = False
    # Who is behind what is open: until the database says that nothing is.
    behind: list[Identity] = field(default_factory=list)
    awaiting: bool = False
    heard: int = 0
    # What keys of rows are hashed with, where the grant logs any.
    mask_key: bytes = b""
    came: Callable[[Allowed, Step, int, int], None] = lambda *_: None
    changed: Callable[[Allowed, Step, int], None] = lambda *_: None
    _running: deque[_Running] = field(default_factory=deque)
    _scanner: AnswerScanner = field(default_factory=AnswerScanner)

    @property
    def is_idle(self) -> bool:
        """Whether everything that was asked is answered, in no transaction, and nothing more has come."""
        return self.status == b"I" and not (self.failed or self.awaiting or self._running or self._scanner.is_busy)

    def sent(self, allowed: Allowed) -> None:
        """Remember the statements of a text that is sent."""
        began = time.perf_counter()
        for step in allowed.steps:
            self._running.append(_Running(allowed, step, began))
            if step.rewritten.shown and step.rewritten.operation != "declare":
                self._running[-1].keys = self._row_keys(allowed, step)
            if step.declares:
                self.prepared.declare(step.declares, allowed)
        if allowed.call is not None and allowed.identity not in self.behind:
            self.behind.append(allowed.identity)

    async def relay(self, database: Channel, awaited: list[bytes], *, silent_ready: bool = False) -> None:
        """Pass the database's answers on, chunk by chunk, until one of each awaited kind has come, in this order.

        We read only as fast as the app takes: a chunk is read once the app has room for it.
        """
        left = deque(awaited)
        while left:
            begun = self._scanner.row_left
            answers = self._scanner.feed(await self._receive(database))
            try:
                data = self._understand(answers, left, until_ready=awaited[-1] == b"Z", silent_ready=silent_ready)
            except BrokenOffError:
                self._note_broken_off()
                await self._finish_row(database, answers.data, begun)
                raise
            if data:
                await self.pass_on(data)

    def _understand(self, answers: Answers, left: deque[bytes], *, until_ready: bool, silent_ready: bool) -> bytes:
        """Take note of all answers in a chunk, strike those off that were awaited, and return what to pass on."""
        data, place, seen, rows = answers.data, 0, 0, 0
        pieces: list[bytes] = []
        for mark in answers.marks:
            kind = mark.kind
            self._saw_rows(mark.rows - rows, mark.begin - seen)
            self._read_keys(data, seen, mark.begin)
            rows, seen = mark.rows, mark.end
            self._observe(kind, data, mark)
            if kind in _SOFTENED or (silent_ready and kind == _READY):
                pieces.append(data[place : mark.begin])
                if kind != _READY:
                    pieces.append(_softened(data, mark, own=bool(self.binding.database_of)))
                place = mark.end
            if left and kind in left[0]:
                left.popleft()
            elif kind == _ERROR and not until_ready:
                # Nothing more is answered before the app sends Sync.
                left.clear()
        self._saw_rows(answers.rows - rows, len(data) - seen)
        self._read_keys(data, seen, len(data))
        return b"".join([*pieces, data[place:]]) if pieces else data

    def _note_broken_off(self) -> None:
        """Audit a statement that is not answered to its end: rows of it have gone."""
        if self._running:
            self._note(self._running[0], "", self._running[0].rows)

    async def _finish_row(self, database: Channel, data: bytes, begun: int) -> None:
        """Pass on the rest of a row that has begun, so that what is said then is not taken for a part of it."""
        while begun > len(data):
            await self.pass_on(data)
            begun -= len(data)
            data = await self._receive(database)
        if begun:
            await self.pass_on(data[:begun])

    def ask(self, database: Channel, data: bytes) -> None:
        """Write to the database; raise `DatabaseGoneError` when it is gone."""
        if database.is_over:
            raise DatabaseGoneError("the database ended the connection", within=self._scanner.is_within)
        database.write(data)

    async def pass_on(self, data: bytes) -> None:
        """Write to the app, as fast as it takes; raise `ConnectionResetError` when it is gone."""
        if self.channel.transport.is_closing():
            raise ConnectionResetError("the app is gone")
        self.channel.write(data)
        await self.channel.drain()

    async def fail_transaction(self, database: Channel) -> None:
        """Have the database fail the transaction that is open, as it would after an error of its own."""
        self.ask(database, Message(b"Q", b"refused by the gateway\0").encode())
        self.status = b""
        while not self.status:
            answers = self._scanner.feed(await self._receive(database))
            for mark in answers.marks:
                self._observe(mark.kind, answers.data, mark)

    async def _receive(self, database: Channel) -> bytes:
        self.awaiting = True
        try:
            chunk = await database.receive()
        except (EOFError, ConnectionError) as fault:
            raise DatabaseGoneError("the database ended the connection", within=self._scanner.is_within) from fault
        self.awaiting = False
        self.heard += 1
        return chunk

    def _row_keys(self, allowed: Allowed, step: Step) -> RowKeys:
        def note(table: str, keys: tuple[str, ...]) -> None:
            self.gateway.note_rows(allowed, step, self.binding, table, keys)

        return RowKeys(step.rewritten.shown, allowed.formats, self.mask_key, note)

    def _read_keys(self, data: bytes, begin: int, end: int) -> None:
        if end > begin and self._running and self._running[0].keys is not None:
            self._running[0].keys.feed(data[begin:end])

    def _saw_rows(self, rows: int, size: int) -> None:
        if self._running and size:
            running = self._running[0]
            self.came(running.allowed, running.step, rows, size)
            running.rows += rows
            running.bytes += size
        if rows:
            self.gateway.saw_rows(self.binding, rows)

    def _observe(self, kind: int, data: bytes, mark: Mark) -> None:
        if kind in _EXECUTED:
            if self._running:
                tag = data[mark.begin + 5 : mark.end - 1].decode(errors="replace") if kind == _COMPLETE else ""
                self._note_executed(self._running.popleft(), tag)
        elif kind in _CONFIRMED:
            self.prepared.confirm()
        elif kind == _READY:
            self._observe_ready(data[mark.begin + 5 : mark.end])
        elif kind == _ERROR:
            self.failed = True
            self._running.clear()
        elif kind not in _OTHERS:
            raise ProtocolError("the database says what was not expected of it")

    def _observe_ready(self, status: bytes) -> None:
        if status not in _STATUSES:
            raise ProtocolError("the database is ready in no status that there is")
        self.status = status
        self.failed = False
        self._running.clear()
        if status == b"I":
            self.behind.clear()
        self.prepared.end_group(in_transaction=status != b"I")

    def _note_executed(self, running: _Running, tag: str) -> None:
        last = tag.rpartition(" ")[2]
        rows = int(last) if last.isdecimal() and len(last) < _MOST_DIGITS else running.rows
        if rows != running.rows:
            self.gateway.saw_rows(self.binding, rows - running.rows)
            self.changed(running.allowed, running.step, max(0, rows - running.rows))
        step = running.step
        if step.declares:
            self.prepared.declared(step.declares, running.allowed, holds=step.holds)
        self._note(running, tag, rows)

    def _note(self, running: _Running, tag: str, rows: int) -> None:
        spent = (time.perf_counter() - running.began) * 1000
        if running.keys is not None:
            running.keys.end(rows=rows)
        measured = Measured(tag, rows, running.bytes, spent)
        self.gateway.note_executed(running.allowed, running.step, self.binding, measured)


def fetching(step: Step, cursor: Allowed) -> Step:
    """Return a FETCH as it is audited: by the tables of the cursor that it reads from."""
    made = next(one for one in cursor.steps if one.declares == step.uses)
    tables, shown = made.rewritten.tables, made.rewritten.shown
    return replace(step, rewritten=replace(step.rewritten, tables=tables, shown=shown))


def _softened(data: bytes, mark: Mark, *, own: bool) -> bytes:
    """Return the bytes to pass on of an error or notice: only what says nothing of other rows, columns or tables."""
    fields = told(error_fields(data[mark.begin + 5 : mark.end]), own=own)
    body = b"".join(key.encode() + text(value) for key, value in fields.items())
    return Message(data[mark.begin : mark.begin + 1], body + b"\0").encode()

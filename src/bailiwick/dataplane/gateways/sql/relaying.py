"""What a database answers, on its way to the app: passed on as it comes, understood as far as we must remember it."""

import time
from collections import deque
from dataclasses import dataclass, field, replace

from bailiwick.core.principals import Identity
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.sql.answers import AnswerScanner, Rows
from bailiwick.dataplane.gateways.sql.gateway import Allowed, Measured, SqlGateway
from bailiwick.dataplane.gateways.sql.messages import Message, ProtocolError, error, error_fields, text
from bailiwick.dataplane.gateways.sql.prepared import Prepared
from bailiwick.dataplane.gateways.sql.rewrite import ROW_CHECK_MARK
from bailiwick.dataplane.gateways.sql.statements import Step

_DIGITS_TAG = 2
# Severity, SQLSTATE, message, and the name of a constraint, which programs go by.
_TOLD = "SVCMn"
_STATUSES = frozenset([b"I", b"T", b"E"])
# What else it may say to what is passed on: columns, parameters, no data, the ends of a COPY, notices, settings.
_OTHERS = frozenset([b"T", b"t", b"n", b"H", b"c", b"N", b"S"])


@dataclass(slots=True)
class _Running:
    """A statement that was sent and whose answer is awaited."""

    allowed: Allowed
    step: Step
    began: float
    rows: int = 0
    bytes: int = 0


class DatabaseGoneError(Exception):
    """The database ended the connection, or says nothing any more. `within` a row nothing more can be said."""

    def __init__(self, why: str, *, within: bool) -> None:
        super().__init__(why)
        self.within = within


@dataclass(eq=False)
class Answers:
    """The answers of one connection: who is behind what runs, and the state that the database is in."""

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
    _running: deque[_Running] = field(default_factory=deque)
    _scanner: AnswerScanner = field(default_factory=AnswerScanner)

    def sent(self, allowed: Allowed) -> None:
        """Remember the statements of a text that is sent."""
        began = time.perf_counter()
        for step in allowed.steps:
            self._running.append(_Running(allowed, step, began))
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
            out: list[bytes] = []
            for answer in self._scanner.feed(await self._receive(database)):
                if isinstance(answer, Rows):
                    self._saw_rows(answer)
                    out.append(answer.data)
                    continue
                self._observe(answer)
                if not (silent_ready and answer.kind == b"Z"):
                    out.append(_softened(answer))
                if left and answer.kind in left[0]:
                    left.popleft()
                elif answer.kind == b"E" and awaited[-1] != b"Z":
                    # Nothing more is answered before the app sends Sync.
                    left.clear()
            if out:
                await self.pass_on(b"".join(out))

    async def pass_on(self, data: bytes) -> None:
        """Write to the app, as fast as it takes; raise `ConnectionResetError` when it is gone."""
        if self.channel.transport.is_closing():
            raise ConnectionResetError("the app is gone")
        self.channel.write(data)
        await self.channel.drain()

    async def fail_transaction(self, database: Channel) -> None:
        """Have the database fail the transaction that is open, as it would after an error of its own."""
        database.write(Message(b"Q", b"refused by the gateway\0").encode())
        self.status = b""
        while not self.status:
            for answer in self._scanner.feed(await self._receive(database)):
                if isinstance(answer, Message):
                    self._observe(answer)

    async def _receive(self, database: Channel) -> bytes:
        self.awaiting = True
        try:
            chunk = await database.receive()
        except (EOFError, ConnectionError) as fault:
            raise DatabaseGoneError("the database ended the connection", within=self._scanner.is_within) from fault
        self.awaiting = False
        self.heard += 1
        return chunk

    def _saw_rows(self, rows: Rows) -> None:
        if self._running:
            running = self._running[0]
            running.rows += rows.begun
            running.bytes += len(rows.data)
        self.gateway.saw_rows(self.binding, rows.begun)

    def _observe(self, answer: Message) -> None:
        match answer.kind:
            case b"C" | b"I" | b"s":
                if self._running:
                    self._note_executed(self._running.popleft(), answer)
            case b"1" | b"2" | b"3":
                self.prepared.confirm()
            case b"E":
                self.failed = True
                self._running.clear()
            case b"Z":
                if answer.body not in _STATUSES:
                    raise ProtocolError("the database is ready in no status that there is")
                self.status = answer.body
                self.failed = False
                self._running.clear()
                if answer.body == b"I":
                    self.behind.clear()
                self.prepared.end_group(in_transaction=answer.body != b"I")
            case kind if kind not in _OTHERS:
                raise ProtocolError("the database says what was not expected of it")

    def _note_executed(self, running: _Running, answer: Message) -> None:
        tag = answer.body.rstrip(b"\0").decode(errors="replace") if answer.kind == b"C" else ""
        words = tag.split()
        rows = int(words[-1]) if len(words) >= _DIGITS_TAG and words[-1].isdecimal() else running.rows
        self.gateway.saw_rows(self.binding, rows - running.rows)
        step = running.step
        if step.declares:
            self.prepared.declared(step.declares, running.allowed, holds=step.holds)
        spent = (time.perf_counter() - running.began) * 1000
        measured = Measured(tag, rows, running.bytes, spent)
        self.gateway.note_executed(running.allowed, step, self.binding, measured)


def fetching(step: Step, cursor: Allowed) -> Step:
    """Return a FETCH as it is audited: by the tables of the cursor that it reads from."""
    made = next(one for one in cursor.steps if one.declares == step.uses)
    return replace(step, rewritten=replace(step.rewritten, tables=made.rewritten.tables))


def _softened(message: Message) -> bytes:
    """Return the bytes to pass on: of errors and notices only what says nothing of other rows, columns or tables.

    DETAIL shows whole rows with every column ("Failing row contains …"), HINT columns that are not granted, and places
    are those of the statement that we made (PostgreSQL documentation, 54.8 "Error and Notice Message Fields").
    """
    if message.kind not in b"EN":
        return message.encode()
    fields = error_fields(message.body)
    if ROW_CHECK_MARK in fields.get("M", ""):
        column = fields["M"].partition(f"{ROW_CHECK_MARK}:")[2].partition(":")[0]
        return error(f"a new row's {column} is not one that this person may write", "42501")
    told = b"".join(key.encode() + text(fields[key]) for key in _TOLD if key in fields)
    return Message(message.kind, told + b"\0").encode()

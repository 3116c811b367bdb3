"""One connection of an app: reads its messages, has each statement decided, and relays what the database answers.

Messages are taken in groups that end with Sync (or are one simple Query), so that a refusal can be put into the stream
of answers at its own place: what came before it is answered first, what comes after it up to Sync is skipped, as
PostgreSQL itself does after an error. A long group is passed on in parts, so that it need not fit into memory.
"""

import asyncio
import struct
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from bailiwick.core.errors import BailiwickError
from bailiwick.core.principals import Identity
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.sql.answers import AnswerScanner, Rows, softened
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.gateway import Allowed, SqlGateway
from bailiwick.dataplane.gateways.sql.holding import BrokenOffError, Holding
from bailiwick.dataplane.gateways.sql.known import LONG_CHARACTERS
from bailiwick.dataplane.gateways.sql.messages import (
    CANCEL_REQUEST,
    GSS_REQUEST,
    SSL_REQUEST,
    Message,
    ProtocolError,
    error,
    read_message,
    read_startup,
    ready,
    take_text,
    text,
)
from bailiwick.dataplane.gateways.sql.prepared import Prepared
from bailiwick.dataplane.gateways.sql.upstream import Connection

_PART_MESSAGES, _PART_BYTES = 1000, 1 << 20
# A statement takes a while to decide about, and nobody else's is looked at meanwhile.
_PART_STATEMENTS = 8
_DIGITS_TAG = 2
# The kinds of answers that end what was asked for by each kind of message.
_ENDS = {b"P": b"1", b"B": b"2", b"D": b"Tn", b"E": b"CIs", b"C": b"3", b"S": b"Z"}


@dataclass(slots=True)
class _Running:
    """A statement that was sent and whose answer is awaited."""

    allowed: Allowed
    began: float
    rows: int = 0


@dataclass(eq=False)
class SqlSession:
    """The state of one connection."""

    gateway: SqlGateway
    binding: Binding
    channel: Channel
    key: bytes
    sessions: dict[bytes, "SqlSession"]
    upstream: Connection | None = None
    _prepared: Prepared = field(default_factory=Prepared)
    _running: deque[_Running] = field(default_factory=deque)
    _scanner: AnswerScanner = field(default_factory=AnswerScanner)
    _status: bytes = b"I"
    _failed: bool = False
    _behind: list[Identity] = field(default_factory=list)
    _cancelling: asyncio.Task[None] | None = None
    _holding: Holding = field(init=False)

    def __post_init__(self) -> None:
        """Hold nothing yet."""
        self._holding = Holding(self.gateway, self.binding)

    async def run(self) -> None:
        """Serve the connection until either side ends it."""
        self.gateway.sessions.add(self)
        try:
            self.upstream = await self._start()
            while self.upstream is not None and await self._serve_part(self.upstream.channel):
                self._holding.end()
        except ProtocolError as fault:
            await self._say_fatal(str(fault), "08P01")
        except BrokenOffError as fault:
            await self._say_fatal(str(fault), fault.sqlstate)
        except EOFError:
            if self.upstream is None or not self.upstream.channel.is_over or self.channel.is_over:
                raise
            silent = self._holding.ran_out
            await self._say_fatal(f"the database {'does not answer' if silent else 'broke off'}", "08006")
        finally:
            self._holding.close()
            self.gateway.sessions.discard(self)
            if self.upstream is not None:
                self.upstream.close()
            if self._cancelling is not None:
                await self._cancelling

    async def _say_fatal(self, words: str, sqlstate: str) -> None:
        self.channel.write(error(words, sqlstate, severity="FATAL"))
        await self.channel.drain()

    def works_for_revoked(self, epochs: Mapping[str, int]) -> bool:
        """Return whether a statement or transaction of somebody whose credentials ended is open here."""
        return any(identity.is_revoked(epochs) for identity in self._behind)

    def uses(self, resource: str) -> bool:
        """Return whether this goes to an integration; an app's own database is none."""
        return self.binding.resource == resource and not self.binding.database_of

    def end(self) -> None:
        """End both sides at once: the database rolls back, and is told to cancel, as it would work on unheard."""
        self.channel.abort()
        if self.upstream is not None and self._cancelling is None:
            self._cancelling = asyncio.create_task(self.upstream.cancel_and_close())

    # -- start ---------------------------------------------------------------------------------------------------

    async def _start(self) -> Connection | None:
        while True:
            code, body = await read_startup(self.channel)
            if code in {SSL_REQUEST, GSS_REQUEST}:
                # The socket lives on the app's own loopback: nobody else is on this line.
                self.channel.write(b"N")
            elif code == CANCEL_REQUEST:
                await self._cancel_other(body)
                return None
            else:
                break
        try:
            upstream = await self.gateway.reach(self.binding)
        except BailiwickError as fault:
            self.channel.write(error(fault.message, "08001", hint=fault.hint, severity="FATAL"))
            await self.channel.drain()
            return None
        self.sessions[self.key] = self
        hello = [Message(b"R", struct.pack("!I", 0)).encode()]
        for name, value in upstream.parameters.items():
            if name not in {"session_authorization", "search_path"}:
                hello.append(Message(b"S", text(name) + text(value)).encode())
        self.channel.write(b"".join([*hello, Message(b"K", self.key).encode(), ready(b"I")]))
        return upstream

    async def _cancel_other(self, key: bytes) -> None:
        other = self.sessions.get(key)
        if other is not None and other.upstream is not None:
            await other.upstream.cancel()

    # -- what the app asks ---------------------------------------------------------------------------------------

    async def _serve_part(self, database: Channel) -> bool:
        """Take messages up to the next Sync or Flush, or one Query, and answer them; return False at the end."""
        part: list[Message] = []
        size = statements = 0
        while True:
            message = await read_message(self.channel)
            if message.kind == b"X":
                return False
            await self._foresee(message)
            if message.kind == b"Q" and not self._failed:
                if part:
                    raise ProtocolError("a Query stands inside a group that has no Sync")
                await self.gateway.turns.take(self.binding.app)
                await self._serve_query(message, database)
                return True
            part.append(message)
            size += len(message.body)
            statements += message.kind == b"P"
            full = len(part) >= _PART_MESSAGES or size >= _PART_BYTES or statements >= _PART_STATEMENTS
            if message.kind in b"SH" or full:
                await self.gateway.turns.take(self.binding.app)
                await self._serve_extended(part, database)
                return True

    async def _foresee(self, message: Message) -> None:
        """Have the statement of a long message looked at before its turn."""
        if message.kind in b"QP" and len(message.body) > LONG_CHARACTERS:
            sql, _ = take_text(message.body, take_text(message.body)[1] if message.kind == b"P" else 0)
            await self.gateway.foresee(sql, self.binding)

    async def _serve_query(self, message: Message, database: Channel) -> None:
        sql, _ = take_text(message.body)
        try:
            allowed = self.gateway.decide(sql, self.binding)
            await self._holding.begin(allowed, 1)
        except StatementRefusedError as fault:
            await self._refuse(fault, database)
            self.channel.write(ready(self._status))
            await self.channel.drain()
            return
        self._sent(allowed)
        database.write(Message(b"Q", text(allowed.sql)).encode())
        await self._relay(database, [b"Z"])

    async def _serve_extended(self, part: list[Message], database: Channel) -> None:
        """Pass a part of a group on, unless the group has failed: then the database would skip it, so we do."""
        synced = part[-1].kind == b"S"
        if self._failed:
            part = part[-1:] if synced else []
        out: list[bytes] = []
        refused: StatementRefusedError | None = None
        for message in part:
            try:
                if message.kind == b"E":
                    await self._begin(message, part)
                out.append(self._extended(message).encode())
            except StatementRefusedError as fault:
                refused = fault
                break
        awaited = [_ENDS[message.kind] for message in part[: len(out)] if message.kind != b"H"]
        if refused is not None:
            # What came before the refusal is answered first; our Sync makes the database finish it.
            database.write(b"".join([*out, Message(b"S", b"").encode()]))
            await self._relay(database, [b"Z"], silent_ready=True)
            await self._answer_refusal(refused, database, synced=synced)
        elif awaited:
            database.write(b"".join(out if synced else [*out, Message(b"H", b"").encode()]))
            await self._relay(database, awaited[-1:] if synced else awaited)

    async def _answer_refusal(self, refused: StatementRefusedError, database: Channel, *, synced: bool) -> None:
        await self._refuse(refused, database)
        while not synced:
            synced = (await read_message(self.channel)).kind == b"S"
        self.channel.write(ready(self._status))
        await self.channel.drain()

    async def _begin(self, message: Message, part: list[Message]) -> None:
        """Take a place for what a part of a group executes, before the first of it is sent."""
        allowed = self._prepared.portals.get(take_text(message.body)[0])
        if allowed is not None:
            await self._holding.begin(allowed, sum(one.kind == b"E" for one in part))

    def _extended(self, message: Message) -> Message:
        """Return what is sent for a message of the extended protocol; raise when it is refused."""
        match message.kind:
            case b"P":
                return self._parse(message.body)
            case b"B":
                return self._bind(message)
            case b"E":
                portal, _ = take_text(message.body)
                allowed = self._current(self._prepared.portals.get(portal), f"portal '{portal[:60]}'", "34000")
                self._sent(allowed)
                return message
            case b"C":
                name, _ = take_text(message.body, 1)
                closed = self._prepared.statements if message.body[:1] == b"S" else self._prepared.portals
                self._prepared.ask(closed, name, None)
                return message
            case b"D" | b"S" | b"H":
                return message
            case _:
                raise ProtocolError(f"messages of the kind {message.kind!r} are not passed on")

    def _parse(self, body: bytes) -> Message:
        name, place = take_text(body)
        sql, after = take_text(body, place)
        allowed = self.gateway.decide(sql, self.binding)
        self._prepared.ask(self._prepared.statements, name, allowed)
        return Message(b"P", text(name) + text(allowed.sql) + body[after:])

    def _bind(self, message: Message) -> Message:
        portal, place = take_text(message.body)
        name, _ = take_text(message.body, place)
        allowed = self._current(self._prepared.statements.get(name), f"prepared statement '{name[:60]}'", "26000")
        self._prepared.ask(self._prepared.portals, portal, allowed)
        return message

    def _current(self, allowed: Allowed | None, what: str, sqlstate: str) -> Allowed:
        """Return what a name stands for; raise when it is nothing, or was rewritten for a request that is over."""
        if allowed is None:
            raise StatementRefusedError(f"there is no {what}", sqlstate=sqlstate)
        if allowed.call is not None and self.gateway.resolve(allowed.call.trace) != allowed.call:
            # It was rewritten for one person's request, which is over: nobody else may run it.
            raise StatementRefusedError(
                "this statement was prepared in a request that is over", hint="prepare it again", sqlstate="26000"
            )
        return allowed

    def _sent(self, allowed: Allowed) -> None:
        """Remember what runs, and who is behind what is open: until the database says that nothing is."""
        self._running.append(_Running(allowed, time.perf_counter()))
        if allowed.call is not None and allowed.identity not in self._behind:
            self._behind.append(allowed.identity)

    # -- what the database answers -------------------------------------------------------------------------------

    async def _relay(self, database: Channel, awaited: list[bytes], *, silent_ready: bool = False) -> None:
        """Pass the database's answers on, chunk by chunk, until one of each awaited kind has come, in this order.

        We read only as fast as the app takes: a chunk is read once the app has room for it.
        """
        left = deque(awaited)
        while left:
            out: list[bytes] = []
            self._holding.expect(database)
            came = await database.receive()
            self._holding.rest()
            for answer in self._scanner.feed(came):
                if isinstance(answer, Rows):
                    self._holding.came(len(answer.data))
                    if self._running:
                        self._running[0].rows += answer.begun
                    self.gateway.saw_rows(self.binding, answer.begun)
                    out.append(answer.data)
                    continue
                self._observe(answer)
                if not (silent_ready and answer.kind == b"Z"):
                    out.append(softened(answer))
                if left and answer.kind in left[0]:
                    left.popleft()
                elif answer.kind == b"E" and awaited[-1] != b"Z":
                    # Nothing more is answered before the app sends Sync.
                    left.clear()
            if out:
                self.channel.write(b"".join(out))
                await self.channel.drain()

    def _observe(self, answer: Message) -> None:
        match answer.kind:
            case b"C" | b"I" | b"s":
                if self._running:
                    self._note_executed(self._running.popleft(), answer)
            case b"1" | b"2" | b"3":
                self._prepared.confirm()
            case b"E":
                self._failed = True
                self._running.clear()
            case b"Z":
                self._status = answer.body
                self._failed = False
                self._running.clear()
                if answer.body == b"I":
                    self._behind.clear()
                self._prepared.end_group(in_transaction=answer.body != b"I")

    def _note_executed(self, running: _Running, answer: Message) -> None:
        tag = answer.body.rstrip(b"\0").decode(errors="replace") if answer.kind == b"C" else ""
        words = tag.split()
        rows = int(words[-1]) if len(words) >= _DIGITS_TAG and words[-1].isdigit() else running.rows
        self.gateway.saw_rows(self.binding, rows - running.rows)
        spent = (time.perf_counter() - running.began) * 1000
        self.gateway.note_executed(running.allowed, self.binding, tag=tag, rows=rows, milliseconds=spent)

    async def _refuse(self, fault: StatementRefusedError, database: Channel) -> None:
        """Answer a refusal; inside a transaction, have the database fail it, as it would after its own error."""
        self.channel.write(error(fault.message, fault.sqlstate, hint=fault.hint))
        if self._status != b"T":
            return
        database.write(Message(b"Q", text("refused by the gateway")).encode())
        self._status = b""
        while not self._status:
            for answer in self._scanner.feed(await database.receive()):
                if isinstance(answer, Message):
                    self._observe(answer)

"""One connection of an app: reads its messages, has each statement decided, and relays what the database answers.

Messages are taken in groups that end with Sync (or are one simple Query), so that a refusal can be put into the stream
of answers at its own place: what came before it is answered first, what comes after it up to Sync is skipped, as
PostgreSQL itself does after an error.
"""

import asyncio
import contextlib
import secrets
import socket
import struct
import time
from collections import deque
from dataclasses import dataclass, field

from bailiwick.core.errors import BailiwickError
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.gateway import Allowed, Binding, SqlGateway
from bailiwick.dataplane.gateways.sql.messages import (
    CANCEL_REQUEST,
    GSS_REQUEST,
    SSL_REQUEST,
    Message,
    ProtocolError,
    error,
    error_fields,
    read_message,
    read_startup,
    ready,
    take_text,
    text,
)
from bailiwick.dataplane.gateways.sql.rewrite import ROW_CHECK_MARK
from bailiwick.dataplane.gateways.sql.upstream import Connection

_MAX_GROUP = 10_000
_DIGITS_TAG = 2


@dataclass
class _Running:
    """A statement that was sent and whose answer is awaited."""

    allowed: Allowed
    began: float
    rows: int = 0


@dataclass
class SqlSession:
    """The state of one connection."""

    gateway: SqlGateway
    binding: Binding
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    key: bytes
    sessions: dict[bytes, "SqlSession"]
    upstream: Connection | None = None
    _statements: dict[str, Allowed] = field(default_factory=dict)
    _portals: dict[str, Allowed] = field(default_factory=dict)
    _running: deque[_Running] = field(default_factory=deque)
    _status: bytes = b"I"

    async def run(self) -> None:
        """Serve the connection until either side ends it."""
        if not await self._start():
            return
        try:
            while await self._serve_group():
                pass
        except ProtocolError as fault:
            self.writer.write(error(str(fault), "08P01", severity="FATAL"))
            await self.writer.drain()
        finally:
            if self.upstream is not None:
                self.upstream.close()

    # -- start ---------------------------------------------------------------------------------------------------

    async def _start(self) -> bool:
        while True:
            code, body = await read_startup(self.reader)
            if code in {SSL_REQUEST, GSS_REQUEST}:
                # The socket lives on the app's own loopback: nobody else is on this line.
                self.writer.write(b"N")
            elif code == CANCEL_REQUEST:
                await self._cancel_other(body)
                return False
            else:
                break
        try:
            self.upstream = await self.gateway.connect(self.binding)
        except BailiwickError as fault:
            self.writer.write(error(fault.message, "08001", hint=fault.hint, severity="FATAL"))
            await self.writer.drain()
            return False
        self.sessions[self.key] = self
        self.writer.write(Message(b"R", struct.pack("!I", 0)).encode())
        for name, value in self.upstream.parameters.items():
            if name not in {"session_authorization", "search_path"}:
                self.writer.write(Message(b"S", text(name) + text(value)).encode())
        self.writer.write(Message(b"K", self.key).encode() + ready(b"I"))
        await self.writer.drain()
        return True

    async def _cancel_other(self, key: bytes) -> None:
        other = self.sessions.get(key)
        if other is not None and other.upstream is not None:
            await other.upstream.cancel()

    # -- groups of messages --------------------------------------------------------------------------------------

    async def _serve_group(self) -> bool:
        """Take messages up to the next Sync, or one Query, and answer them; return False at the end."""
        group: list[Message] = []
        while True:
            message = await read_message(self.reader)
            if message.kind == b"X":
                return False
            if message.kind == b"Q":
                await self._serve_query(message)
                return True
            group.append(message)
            if message.kind in {b"S", b"H"}:
                await self._serve_extended(group)
                return True
            if len(group) > _MAX_GROUP:
                raise ProtocolError("too many messages without Sync")

    async def _serve_query(self, message: Message) -> None:
        sql, _ = take_text(message.body)
        try:
            allowed = self.gateway.decide(sql, self.binding)
        except StatementRefusedError as fault:
            await self._refuse(fault)
            self.writer.write(ready(self._status))
            await self.writer.drain()
            return
        self._running.append(_Running(allowed, time.perf_counter()))
        self._send(Message(b"Q", text(allowed.sql)))
        await self._relay(until=b"Z")

    async def _serve_extended(self, group: list[Message]) -> None:
        out: list[Message] = []
        refused: StatementRefusedError | None = None
        for message in group:
            try:
                out.append(self._extended(message))
            except StatementRefusedError as fault:
                refused = fault
                break
        if refused is None:
            self._send(*out)
            if group[-1].kind == b"S":
                await self._relay(until=b"Z")
            else:
                await self._relay_flushed(group)
            return
        # What came before the refusal is answered first; our Sync makes the database finish it.
        self._send(*out, Message(b"S", b""))
        await self._relay(until=b"Z", silent_ready=True)
        await self._refuse(refused)
        while group[-1].kind != b"S":
            group.append(await read_message(self.reader))
        self.writer.write(ready(self._status))
        await self.writer.drain()

    def _extended(self, message: Message) -> Message:
        """Return what is sent for a message of the extended protocol; raise when it is refused."""
        match message.kind:
            case b"P":
                return self._parse(message.body)
            case b"B":
                return self._bind(message)
            case b"E":
                portal, _ = take_text(message.body)
                allowed = self._portals.get(portal)
                if allowed is None:
                    raise StatementRefusedError(f"there is no portal '{portal[:60]}'", sqlstate="34000")
                self._running.append(_Running(allowed, time.perf_counter()))
                return message
            case b"D" | b"C" | b"S" | b"H":
                return message
            case _:
                raise ProtocolError(f"messages of the kind {message.kind!r} are not passed on")

    def _parse(self, body: bytes) -> Message:
        name, place = take_text(body)
        sql, after = take_text(body, place)
        allowed = self.gateway.decide(sql, self.binding)
        self._statements[name] = allowed
        return Message(b"P", text(name) + text(allowed.sql) + body[after:])

    def _bind(self, message: Message) -> Message:
        portal, place = take_text(message.body)
        name, _ = take_text(message.body, place)
        allowed = self._statements.get(name)
        if allowed is None:
            raise StatementRefusedError(f"there is no prepared statement '{name[:60]}'", sqlstate="26000")
        if allowed.call is not None and self.gateway.resolve(allowed.call.trace) != allowed.call:
            # It was rewritten for one person's request, which is over: nobody else may run it.
            raise StatementRefusedError(
                "this statement was prepared in a request that is over", hint="prepare it again", sqlstate="26000"
            )
        self._portals[portal] = allowed
        return message

    # -- answers -------------------------------------------------------------------------------------------------

    def _send(self, *messages: Message) -> None:
        assert self.upstream is not None  # noqa: S101 - set by _start
        self.upstream.writer.write(b"".join(message.encode() for message in messages))

    async def _relay(self, *, until: bytes, silent_ready: bool = False) -> None:
        """Pass the database's answers on until the given kind; take note of what ran."""
        assert self.upstream is not None  # noqa: S101 - set by _start
        await self.upstream.writer.drain()
        while True:
            message = await read_message(self.upstream.reader)
            self._observe(message)
            if message.kind == b"Z":
                self._status = message.body
            if not (message.kind == b"Z" and silent_ready):
                self.writer.write(self._softened(message))
            if message.kind == until:
                break
            await self.writer.drain()
        self._running.clear()
        await self.writer.drain()

    async def _relay_flushed(self, group: list[Message]) -> None:
        """Answer a group that ends with Flush: as many answers as it asks for, and no ReadyForQuery."""
        assert self.upstream is not None  # noqa: S101 - set by _start
        await self.upstream.writer.drain()
        for request in group[:-1]:
            ends = {b"P": b"1", b"B": b"2", b"D": b"Tn", b"E": b"CIs", b"C": b"3"}[request.kind]
            while True:
                message = await read_message(self.upstream.reader)
                self._observe(message)
                self.writer.write(self._softened(message))
                if message.kind == b"E":
                    await self.writer.drain()
                    return
                if message.kind in ends:
                    break
        await self.writer.drain()

    def _observe(self, message: Message) -> None:
        if not self._running:
            return
        running = self._running[0]
        if message.kind == b"D":
            running.rows += 1
        elif message.kind in {b"C", b"I", b"s"}:
            self._running.popleft()
            tag = message.body.rstrip(b"\0").decode(errors="replace") if message.kind == b"C" else ""
            words = tag.split()
            rows = int(words[-1]) if len(words) >= _DIGITS_TAG and words[-1].isdigit() else running.rows
            spent = (time.perf_counter() - running.began) * 1000
            self.gateway.note_executed(running.allowed, self.binding, tag=tag, rows=rows, milliseconds=spent)

    def _softened(self, message: Message) -> bytes:
        """Return the bytes to pass on; an error of our own row check is told as what it means."""
        if message.kind == b"E" and ROW_CHECK_MARK.encode() in message.body:
            fields = error_fields(message.body)
            column = fields.get("M", "").partition(f"{ROW_CHECK_MARK}:")[2].partition(":")[0]
            return error(f"a new row's {column} is not one that this person may write", "42501")
        return message.encode()

    async def _refuse(self, fault: StatementRefusedError) -> None:
        """Answer a refusal; inside a transaction, have the database fail it, as it would after its own error."""
        self.writer.write(error(fault.message, fault.sqlstate, hint=fault.hint))
        if self._status != b"T":
            return
        assert self.upstream is not None  # noqa: S101 - set by _start
        self._send(Message(b"Q", text("refused by the gateway")))
        await self.upstream.writer.drain()
        while (message := await read_message(self.upstream.reader)).kind != b"Z":
            pass
        self._status = message.body


class SqlListener:
    """Serves one planted socket: whoever connects there is that app, using that integration."""

    def __init__(self, gateway: SqlGateway, binding: Binding) -> None:
        self._gateway = gateway
        self._binding = binding
        self._server: asyncio.Server | None = None
        self._sessions: dict[bytes, SqlSession] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, listener: socket.socket) -> None:
        """Begin to serve."""
        self._server = await asyncio.start_server(self._serve, sock=listener, limit=1 << 20)

    def close(self) -> None:
        """Stop serving and cut every connection."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - we are in one
        self._tasks.add(task)
        # Event loops do this for sockets that they made themselves; a planted one was made elsewhere.
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = struct.pack("!II", secrets.randbits(31), secrets.randbits(31))
        session = SqlSession(self._gateway, self._binding, reader, writer, key, self._sessions)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await session.run()
        finally:
            self._tasks.discard(task)
            self._sessions.pop(key, None)
            writer.close()

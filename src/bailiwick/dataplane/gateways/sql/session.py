"""One connection of an app: reads its messages, has each statement decided, and relays what the database answers.

Messages are taken in groups that end with Sync (or are one simple Query), so that a refusal can be put into the stream
of answers at its own place: what came before it is answered first, what comes after it up to Sync is skipped, as
PostgreSQL itself does after an error. A long group is passed on in parts, so that it need not fit into memory.
"""

import asyncio
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bailiwick.core.errors import BailiwickError
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.gateway import Allowed, SqlGateway
from bailiwick.dataplane.gateways.sql.holding import BrokenOffError, Holding
from bailiwick.dataplane.gateways.sql.known import LONG_CHARACTERS
from bailiwick.dataplane.gateways.sql.messages import (
    CANCEL_REQUEST,
    GSS_REQUEST,
    PROTOCOL_3,
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
from bailiwick.dataplane.gateways.sql.moving import Carried
from bailiwick.dataplane.gateways.sql.parameters import check_parameter_types
from bailiwick.dataplane.gateways.sql.relaying import DatabaseGoneError, Relay, fetching
from bailiwick.dataplane.gateways.sql.row_keys import read_formats
from bailiwick.dataplane.gateways.sql.upstream import Connection

_PART_MESSAGES, _PART_BYTES = 1000, 1 << 20
# A statement takes a while to decide about, and nobody else's is looked at meanwhile.
_PART_STATEMENTS = 8
_MOVE_AGAIN_SECONDS = 5.0
# The kinds of answers that end what was asked for by each kind of message.
_ENDS = {b"P": b"1", b"B": b"2", b"D": b"Tn", b"E": b"CIs", b"C": b"3", b"S": b"Z"}


@dataclass(eq=False)
class SqlSession:
    """The state of one connection."""

    gateway: SqlGateway
    binding: Binding
    channel: Channel
    key: bytes
    sessions: dict[bytes, "SqlSession"]
    upstream: Connection | None = None
    _answers: Relay = field(init=False)
    _holding: Holding = field(init=False)
    _cancelling: asyncio.Task[None] | None = None
    _watch: asyncio.TimerHandle | None = None
    _silent: bool = False
    _ended_well: bool = False
    _carried: Carried = field(default_factory=Carried)
    _moves_after: float = 0.0

    def __post_init__(self) -> None:
        self._holding = Holding(self.gateway, self.binding)
        self._answers = Relay(
            self.gateway, self.binding, self.channel, came=self._holding.came, changed=self._holding.changed
        )

    async def run(self) -> None:
        """Serve the connection until either side ends it."""
        self.gateway.sessions.add(self)
        self.channel.on_end = self._client_ended
        try:
            await self._serve()
        except ProtocolError as fault:
            await self._tell(str(fault), "08P01")
        except BrokenOffError as fault:
            await self._tell(str(fault), fault.sqlstate)
        except DatabaseGoneError as fault:
            if not fault.within:
                why = "the database says nothing any more" if self._silent else str(fault)
                await self._tell(why, "08006")
        finally:
            self._holding.end()
            self.gateway.sessions.discard(self)
            if self._watch is not None:
                self._watch.cancel()
            if self.upstream is not None:
                self.upstream.channel.on_end = None
                self._leave(self.upstream)
            if self._cancelling is not None:
                await self._cancelling

    async def _serve(self) -> None:
        self.upstream = await self._start()
        if self.upstream is None:
            return
        self._answers.mask_key = bytes.fromhex(self.upstream.target.mask_key)
        self._look_for_silence(-1)
        self.upstream.channel.on_end = self._database_ended
        while await self._serve_part(self.upstream.channel):
            self._holding.end()

    def _leave(self, upstream: Connection) -> None:
        """Give the connection back when nothing of ours is left in it, and close it otherwise."""
        if upstream.give_back is not None and self._cancelling is None and self._ended_well and self._answers.is_idle:
            upstream.give_back()
        else:
            upstream.close()

    def works_for_revoked(self, epochs: Mapping[str, int]) -> bool:
        """Return whether a statement or transaction of somebody whose credentials ended is open here."""
        return any(identity.is_revoked(epochs) for identity in self._answers.behind)

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
            elif code >> 16 != PROTOCOL_3 >> 16:
                raise ProtocolError(f"version {code >> 16}.{code & 0xFFFF} of the protocol is not spoken here")
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
        if code != PROTOCOL_3:  # NegotiateProtocolVersion: we speak 3.0, and no options of later ones
            hello.insert(0, Message(b"v", struct.pack("!II", PROTOCOL_3, 0)).encode())
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
                self._ended_well = not part
                return False
            if len(message.body) > LONG_CHARACTERS and message.kind in b"QP":
                await self._foresee(message)
            if message.kind == b"Q" and not self._answers.failed:
                if part:
                    raise ProtocolError("a Query stands inside a group that has no Sync")
                await self.gateway.turns.take(self.binding.app)
                await self._serve_query(message, await self._moved(database))
                return True
            part.append(message)
            size += len(message.body)
            statements += message.kind == b"P"
            full = len(part) >= _PART_MESSAGES or size >= _PART_BYTES or statements >= _PART_STATEMENTS
            if message.kind in b"SH" or full:
                await self.gateway.turns.take(self.binding.app)
                await self._serve_extended(part, await self._moved(database))
                return True

    async def _moved(self, database: Channel) -> Channel:
        """Return the way to the database: another connection where the account of ours was followed by another one and
        nothing is under way. What fails leaves ours as it is, and is tried again a little later.
        """
        ours, now = self.upstream, asyncio.get_running_loop().time()
        if ours is None or not self.gateway.followed(ours.target) or now < self._moves_after:
            return database
        if not self._answers.is_idle or not self._carried.can_move(self._answers.prepared):
            return database
        self._moves_after = now + _MOVE_AGAIN_SECONDS
        try:
            other = await self.gateway.reach(self.binding)
        except BailiwickError:
            return database
        try:
            if other.target.version <= ours.target.version:
                raise ProtocolError("the newer account was not told yet")
            await self._carried.move(self._answers.prepared, other)
        except (OSError, EOFError, TimeoutError, ProtocolError):
            other.close()
            return database
        ours.channel.on_end = None
        ours.close()
        self.upstream, self._moves_after = other, 0.0
        other.channel.on_end = self._database_ended
        return other.channel

    async def _foresee(self, message: Message) -> None:
        """Have the statement of a long message looked at before its turn."""
        sql, _ = take_text(message.body, take_text(message.body)[1] if message.kind == b"P" else 0)
        await self.gateway.foresee(sql, self.binding)

    async def _serve_query(self, message: Message, database: Channel) -> None:
        sql, _ = take_text(message.body)
        try:
            allowed = self._with_cursors(self.gateway.decide(sql, self.binding))
            await self._holding.begin(allowed, max(1, len(allowed.steps)))
        except StatementRefusedError as fault:
            await self._refuse(fault, database)
            await self._answers.pass_on(ready(self._answers.status))
            return
        self._carried.run(allowed, alone=self._answers.status == b"I")
        self._answers.sent(allowed)
        self._answers.ask(database, Message(b"Q", text(allowed.sql)).encode())
        await self._answers.relay(database, [b"Z"])

    async def _serve_extended(self, part: list[Message], database: Channel) -> None:
        """Pass a part of a group on, unless the group has failed: then the database would skip it, so we do."""
        synced = part[-1].kind == b"S"
        if self._answers.failed:
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
            self._answers.ask(database, b"".join([*out, Message(b"S", b"").encode()]))
            await self._answers.relay(database, [b"Z"], silent_ready=True)
            await self._answer_refusal(refused, database, synced=synced)
        elif awaited:
            self._answers.ask(database, b"".join(out if synced else [*out, Message(b"H", b"").encode()]))
            await self._answers.relay(database, awaited[-1:] if synced else awaited)

    async def _answer_refusal(self, refused: StatementRefusedError, database: Channel, *, synced: bool) -> None:
        await self._refuse(refused, database)
        while not synced:
            synced = (await read_message(self.channel)).kind == b"S"
        await self._answers.pass_on(ready(self._answers.status))

    async def _begin(self, message: Message, part: list[Message]) -> None:
        """Take a place for what a part of a group executes, before the first of it is sent."""
        allowed = self._answers.prepared.portals.get(take_text(message.body)[0])
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
                allowed = self._current(self._answers.prepared.portals.get(portal), f"portal '{portal[:60]}'", "34000")
                self._carried.run(allowed, alone=self._answers.status == b"I")
                self._answers.sent(self._with_cursors(allowed))
                return message
            case b"C":
                name, _ = take_text(message.body, 1)
                closed = (
                    self._answers.prepared.statements if message.body[:1] == b"S" else self._answers.prepared.portals
                )
                self._answers.prepared.ask(closed, name, None)
                if message.body[:1] == b"S":
                    self._carried.close(name)
                return message
            case b"D" | b"S" | b"H":
                return message
            case _:
                raise ProtocolError(f"messages of the kind {message.kind!r} are not passed on")

    def _parse(self, body: bytes) -> Message:
        name, place = take_text(body)
        sql, after = take_text(body, place)
        check_parameter_types(body[after:])
        allowed = self.gateway.decide(sql, self.binding)
        if len(allowed.steps) > 1:
            raise StatementRefusedError("a prepared statement is one statement", sqlstate="42601")
        self._answers.prepared.ask(self._answers.prepared.statements, name, allowed)
        sent = Message(b"P", text(name) + text(allowed.sql) + body[after:])
        self._carried.prepare(name, allowed, sent.encode())
        return sent

    def _bind(self, message: Message) -> Message:
        portal, place = take_text(message.body)
        name, _ = take_text(message.body, place)
        allowed = self._current(
            self._answers.prepared.statements.get(name), f"prepared statement '{name[:60]}'", "26000"
        )
        if any(step.rewritten.shown for step in allowed.steps):
            allowed = replace(allowed, formats=read_formats(message.body))
        self._answers.prepared.ask(self._answers.prepared.portals, portal, allowed)
        return message

    def _with_cursors(self, allowed: Allowed) -> Allowed:
        """Return what may be sent once it is known whose the cursors are that it works with; raise when it may not.

        Drivers fetch without the trace that the cursor was declared with: that is done for whom it was declared.
        """
        for place, step in enumerate(allowed.steps):
            if not step.uses or any(one.declares == step.uses for one in allowed.steps[:place]):
                continue
            cursor = self._current(self._answers.prepared.cursors.get(step.uses), f"cursor '{step.uses}'", "34000")
            if allowed.call is not None and allowed.call != cursor.call:
                raise StatementRefusedError("this cursor was declared in another request", sqlstate="34000")
            self.gateway.require_still(cursor, self.binding)
            steps = (*allowed.steps[:place], fetching(step, cursor), *allowed.steps[place + 1 :])
            allowed = replace(allowed, steps=steps, identity=cursor.identity, call=cursor.call)
        return allowed

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

    async def _refuse(self, fault: StatementRefusedError, database: Channel) -> None:
        """Answer a refusal; inside a transaction, have the database fail it, as it would after its own error."""
        await self._answers.pass_on(error(fault.message, fault.sqlstate, hint=fault.hint))
        if self._answers.status == b"T":
            await self._answers.fail_transaction(database)

    # -- what goes wrong -----------------------------------------------------------------------------------------

    def _client_ended(self) -> None:
        """Have the database stop working for an app that is gone."""
        if self._answers.awaiting:
            self.end()

    def _database_ended(self) -> None:
        """Tell an app that is idle at once; one that waits for an answer is told where it waits."""
        if not self._answers.awaiting and not self.channel.is_over:
            self.channel.write(error("the database ended the connection", "08006", severity="FATAL"))
            self.channel.close()

    def _look_for_silence(self, heard: int) -> None:
        """Take a database that was asked, and has said nothing since the last look, for lost."""
        answers = self._answers
        if answers.awaiting and answers.heard == heard and self.upstream is not None:
            self._silent = True
            self.upstream.close()
            return
        later = asyncio.get_running_loop().call_later
        self._watch = later(self._holding.silence_seconds, self._look_for_silence, answers.heard)

    async def _tell(self, message: str, sqlstate: str) -> None:
        if not self.channel.transport.is_closing():
            self.channel.write(error(message, sqlstate, severity="FATAL"))
            await self.channel.drain()

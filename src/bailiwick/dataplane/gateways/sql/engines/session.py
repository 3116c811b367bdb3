"""One connection of an app to a translated database: PostgreSQL's protocol is spoken here, not passed on.

Each statement is decided by the gateway as for PostgreSQL, translated, and run by the database's engine; its rows pass
in batches, the next being asked for once the app has taken the last.
"""

import asyncio
import contextlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bailiwick.core.errors import BailiwickError, UnavailableError
from bailiwick.core.principals import Identity
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.database_files.kinds import name_of
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.sql.engines import settings
from bailiwick.dataplane.gateways.sql.engines.backend import Backend
from bailiwick.dataplane.gateways.sql.engines.deciding import Decided, decide
from bailiwick.dataplane.gateways.sql.engines.model import EngineConnection, EngineFaultError, Schema
from bailiwick.dataplane.gateways.sql.engines.portals import (
    Portal,
    Reader,
    Statement,
    parameter_description,
    read_bind,
    read_parse,
    row_description,
    with_text_formats,
)
from bailiwick.dataplane.gateways.sql.engines.running import Runner
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.gateway import SqlGateway
from bailiwick.dataplane.gateways.sql.holding import BrokenOffError, Holding
from bailiwick.dataplane.gateways.sql.keyed import MaskedBy
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

_MOST_NAMES = 1000
# Messages that something begins with: Query, Parse and Bind.
_BEGINNINGS = frozenset({b"Q", b"P", b"B"})
_FOLLOW_SECONDS = 10.0
_UNKNOWN_OID = 705
_NO_TYPES = (
    "SELECT 'x'::text AS name, 0 AS oid, 0 AS array_oid, 'x'::text AS regtype, 'x'::text AS delimiter"
    " WHERE FALSE AND CAST($1 AS text) = ''"
)


@dataclass(eq=False)
class TranslatedSession:
    """The state of one connection."""

    gateway: SqlGateway
    binding: Binding
    channel: Channel
    key: bytes
    sessions: dict[bytes, Any]
    backend: Backend
    upstream: EngineConnection | None = None
    _runner: Runner = field(init=False)
    _holding: Holding = field(init=False)
    _schema: Schema = field(default_factory=dict)
    _statements: dict[str, Statement] = field(default_factory=dict)
    _portals: dict[str, Portal] = field(default_factory=dict)
    _skipping: bool = False
    _follows_again: float = 0.0

    def __post_init__(self) -> None:
        self._holding = Holding(self.gateway, self.binding)

    async def run(self) -> None:
        """Serve the connection until either side ends it."""
        self.gateway.sessions.add(self)
        try:
            if await self._start():
                while await self._serve(await read_message(self.channel)):
                    pass
        except ProtocolError as fault:
            self.channel.write(error(str(fault), "08P01", severity="FATAL"))
            await self.channel.drain()
        except BrokenOffError as fault:
            self.channel.write(error(str(fault), fault.sqlstate, severity="FATAL"))
            await self.channel.drain()
        except EngineFaultError as fault:
            # The database cannot even take back what failed, so this connection is of no use.
            self.channel.write(error(fault.words, fault.sqlstate, severity="FATAL"))
            await self.channel.drain()
        finally:
            self._holding.end()
            self.gateway.sessions.discard(self)
            if self.upstream is not None:
                if self.sessions.get(self.key) is self:
                    self._runner.end()
                self.upstream.close()

    def works_for_revoked(self, epochs: Mapping[str, int]) -> bool:
        """Return whether a statement or transaction of somebody whose credentials ended is open here."""
        return any(identity.is_revoked(epochs) for identity in self._behind)

    @property
    def _behind(self) -> list[Identity]:
        return self._runner.behind if self.upstream is not None else []

    def uses(self, resource: str) -> bool:
        """Return whether this goes to an integration."""
        return self.binding.resource == resource

    def end(self) -> None:
        """End both sides at once, with what the database runs."""
        self.channel.abort()
        if self.upstream is not None:
            self.upstream.end()

    # -- start ---------------------------------------------------------------------------------------------------

    async def _start(self) -> bool:
        while True:
            code, body = await read_startup(self.channel)
            if code in {SSL_REQUEST, GSS_REQUEST}:
                # The socket lives on the app's own loopback: nobody else is on this line.
                self.channel.write(b"N")
            elif code == CANCEL_REQUEST:
                await self._cancel_other(body)
                return False
            else:
                break
        try:
            upstream = self.upstream = await self._reach()
            self._schema = await upstream.describe(self.backend.grant.tables)
            masking = await self.backend.masking()
        except (BailiwickError, EngineFaultError) as fault:
            words, hint = (fault.words, "") if isinstance(fault, EngineFaultError) else (fault.message, fault.hint)
            self.channel.write(error(words, "08001", hint=hint, severity="FATAL"))
            await self.channel.drain()
            return False
        self._runner = Runner(
            self.gateway, self.binding, self.channel, upstream, self.backend.engine.dialect, self._holding, masking
        )
        self.channel.on_end = self._app_is_gone
        self.sessions[self.key] = self
        hello = [Message(b"R", struct.pack("!I", 0)).encode()]
        hello += [Message(b"S", text(name) + text(value)).encode() for name, value in settings.SETTINGS.items()]
        self.channel.write(b"".join([*hello, Message(b"K", self.key).encode(), ready(b"I")]))
        return True

    async def _reach(self) -> EngineConnection:
        name, writes = f"bailiwick {self.binding.app}", self.backend.writes
        return await self.gateway.reached(self.binding, lambda: self.backend.engine.connect(name, writing=writes))

    async def _follow(self) -> None:
        """Go on with a connection of the newest account, where there is one and nothing is open: what was prepared is
        kept here, and stays.
        """
        old, loop = self.upstream, asyncio.get_running_loop()
        if old is None or not old.is_followed or not self._runner.is_idle or loop.time() < self._follows_again:
            return
        fresh: EngineConnection | None = None
        try:
            fresh = await self._reach()
            self._schema = await fresh.describe(self.backend.grant.tables)
        except (BailiwickError, EngineFaultError):
            # The old one goes on for as long as the database takes it.
            self._follows_again = loop.time() + _FOLLOW_SECONDS
            if fresh is not None:
                fresh.close()
            return
        self.upstream = self._runner.upstream = fresh
        old.close()

    async def _cancel_other(self, key: bytes) -> None:
        other = self.sessions.get(key)
        if other is not None and other.upstream is not None:
            with contextlib.suppress(OSError, EOFError, TimeoutError, EngineFaultError, UnavailableError):
                await other.upstream.cancel()

    def _app_is_gone(self) -> None:
        """End what runs for nobody."""
        if self.upstream is not None and self._runner.busy:
            self.upstream.end()

    # -- what the app asks ---------------------------------------------------------------------------------------

    async def _serve(self, message: Message) -> bool:
        """Answer one message; return False at the end."""
        if message.kind == b"X":
            return False
        if self._skipping and message.kind != b"S":
            return True
        if message.kind in _BEGINNINGS:
            await self._follow()
        try:
            await self._answer(message)
        except StatementRefusedError as fault:
            self.channel.write(error(fault.message, fault.sqlstate, hint=fault.hint))
            await self._failed(message)
        except EngineFaultError as fault:
            self.channel.write(error(fault.words, fault.sqlstate))
            await self._failed(message)
        await self.channel.drain()
        return True

    async def _failed(self, message: Message) -> None:
        await self._runner.fail()
        self._portals.clear()
        if message.kind == b"Q":
            self.channel.write(ready(self._runner.status))
        elif message.kind != b"S":
            self._skipping = True
        else:
            self.channel.write(ready(self._runner.status))

    async def _answer(self, message: Message) -> None:
        match message.kind:
            case b"Q":
                await self._query(take_text(message.body)[0])
            case b"P":
                name, sql, declared = read_parse(message.body)
                await self.gateway.turns.take(self.binding.app)
                self._forget_some()
                self._statements[name] = await self._prepare(sql, declared)
                self.channel.write(Message(b"1", b"").encode())
            case b"B":
                self._bind(message.body)
            case b"D":
                self._describe(message.body)
            case b"E":
                name, place = take_text(message.body)
                await self._execute(self._portal(name), Reader(message.body, place).take("!I")[0])
            case b"C":
                self._close(message.body)
            case b"S":
                self._skipping = False
                await self._runner.sync()
                if self._runner.status == b"I":
                    self._portals.clear()
                self.channel.write(ready(self._runner.status))
            case b"H":
                pass
            case _:
                raise ProtocolError(f"messages of the kind {message.kind!r} are not understood here")

    async def _query(self, sql: str) -> None:
        await self.gateway.turns.take(self.binding.app)
        statement = await self._prepare(sql, ())
        if statement.parameters:
            raise StatementRefusedError("a simple query has no parameters", sqlstate="42P02")
        portal = with_text_formats(Portal(statement))
        if statement.translated is not None and statement.translated.columns:
            self.channel.write(row_description(statement.translated, portal.formats))
        await self._execute(portal, 0, simple=True)
        self.channel.write(ready(self._runner.status))

    async def _prepare(self, sql: str, declared: tuple[int, ...]) -> Statement:
        if len(sql) > LONG_CHARACTERS:
            await self.gateway.foresee(sql, self.binding, MaskedBy.GATEWAY)
        decided = decide(self.gateway, sql, self.binding)
        if decided.operation in {"session", "empty"}:
            return Statement(decided, None, declared)
        self._runner.require_open()
        kinds = {number + 1: kind for number, oid in enumerate(declared) if (kind := name_of(oid))}
        unknown = [oid for oid in declared if oid and name_of(oid) is None and oid != _UNKNOWN_OID]
        try:
            if unknown:
                raise StatementRefusedError(f"the parameter type {unknown[0]} is not translated", sqlstate="0A000")
            sql = _NO_TYPES if decided.is_about_types else decided.sql
            translated = await self.backend.translate(sql, self._schema, kinds)
        except StatementRefusedError as fault:
            self.gateway.note_refused(fault, self.binding, decided.allowed)
            raise
        return Statement(decided, translated, declared)

    def _forget_some(self) -> None:
        if len(self._statements) > _MOST_NAMES or len(self._portals) > _MOST_NAMES:
            raise ProtocolError("too many statements are prepared at once")

    def _bind(self, body: bytes) -> None:
        name, place = take_text(body)
        source, place = take_text(body, place)
        statement = self._named(source)
        self._require_current(statement.decided)
        self._forget_some()
        self._portals[name] = read_bind(body, place, statement)
        self.channel.write(Message(b"2", b"").encode())

    def _named(self, name: str) -> Statement:
        statement = self._statements.get(name)
        if statement is None:
            raise StatementRefusedError(f"there is no prepared statement '{name[:60]}'", sqlstate="26000")
        return statement

    def _portal(self, name: str) -> Portal:
        portal = self._portals.get(name)
        if portal is None:
            raise StatementRefusedError(f"there is no portal '{name[:60]}'", sqlstate="34000")
        self._require_current(portal.statement.decided)
        return portal

    def _require_current(self, decided: Decided) -> None:
        call = decided.allowed.call
        if call is not None and self.gateway.resolve(call.trace) != call:
            # It was rewritten for one person's request, which is over: nobody else may run it.
            raise StatementRefusedError(
                "this statement was prepared in a request that is over", hint="prepare it again", sqlstate="26000"
            )

    def _describe(self, body: bytes) -> None:
        name, _ = take_text(body, 1)
        formats: tuple[bool, ...]
        if body[:1] == b"S":
            statement, formats = self._named(name), ()
            self.channel.write(parameter_description(statement))
        else:
            portal = self._portal(name)
            statement, formats = portal.statement, portal.formats
        if statement.translated is None:
            self.channel.write(self._runner.described(statement))
        else:
            self.channel.write(row_description(statement.translated, formats))

    def _close(self, body: bytes) -> None:
        name, _ = take_text(body, 1)
        names: dict[str, Any] = self._statements if body[:1] == b"S" else self._portals
        names.pop(name, None)
        self.channel.write(Message(b"3", b"").encode())

    async def _execute(self, portal: Portal, most: int, *, simple: bool = False) -> None:
        statement = portal.statement
        if statement.translated is not None:
            await self._runner.run(portal, most, simple=simple)
            return
        forgotten = await self._runner.session(statement, simple=simple)
        if forgotten is not None:
            for name in [forgotten] if forgotten else list(self._statements):
                self._statements.pop(name, None)

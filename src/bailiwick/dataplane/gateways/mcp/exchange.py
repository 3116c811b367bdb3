"""One message of an app to an MCP server: let through or refused, passed on, and what is answered passed back."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from bailiwick.core.messages import McpConnection
from bailiwick.core.principals import Identity, Principal
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.calls import UnderWay
from bailiwick.dataplane.gateways.limits import LimitedError, Who
from bailiwick.dataplane.gateways.mcp import results
from bailiwick.dataplane.gateways.mcp.asking import SESSION, Asking
from bailiwick.dataplane.gateways.mcp.gateway import Called, McpDoor
from bailiwick.dataplane.gateways.mcp.going import Going, judged
from bailiwick.dataplane.gateways.mcp.messages import (
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    NoMessageError,
    Said,
    error_to,
    read_said,
    refusal_to,
)
from bailiwick.dataplane.gateways.mcp.redacting import without_secrets
from bailiwick.dataplane.gateways.mcp.requests import Era, cleaned, era_of, version_of
from bailiwick.dataplane.gateways.mcp.sending import BROKEN, Sender, Way
from bailiwick.dataplane.gateways.mcp.sessions import Session, SessionOverError
from bailiwick.dataplane.gateways.mcp.telling import Teller
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.services.credentials import Asker, credential_faults
from bailiwick.dataplane.gateways.services.gateway import Caller
from bailiwick.dataplane.gateways.services.tokens import person_of
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import BadRequestError, RequestHead

MCP_PATH = "/mcp"
_MOST_BODY_BYTES = 4 * 2**20
_OK, _NOT_FOUND, _NOT_ALLOWED, _NO_CONTENT = 200, 404, 405, 204
_GOODBYE_SECONDS = 5.0


class McpExchange(UnderWay):
    """One call through one socket."""

    def __init__(self, door: McpDoor, client: Channel, watch: Watch, head: RequestHead) -> None:
        super().__init__(client, watch, head)
        self._door = door
        self._caller = Caller(Identity.of_service(Principal("app", door.binding.app)))
        self._tell = Teller(client, watch)

    @property
    def binding(self) -> Binding:
        """Through which socket it came."""
        return self._door.binding

    @property
    def identity(self) -> Identity | None:
        """Whose call this is, that of the app until more is known."""
        return self._caller.identity

    async def run(self) -> bool:
        """Serve the call; return whether another may follow on this connection."""
        under_way = self._door.gateway.under_way
        under_way.add(self)
        self._client.on_end = self._client_ended
        try:
            return await self._serve()
        finally:
            self._client.on_end = None
            under_way.discard(self)
            self._abort_upstream()

    async def _serve(self) -> bool:
        head, tell = self._head, self._tell
        if head.path.rstrip("/") != MCP_PATH or "?" in head.target:
            return await self._plainly(_NOT_FOUND, f"the MCP server is at {MCP_PATH}")
        if head.method == "DELETE":
            return await self._end_session()
        if head.method != "POST":
            # What a server tells that was not asked for needs a stream of its own, which none has to offer.
            return await self._plainly(_NOT_ALLOWED, "only POST and DELETE are answered here")
        said = Said()
        try:
            body = await self._body(_MOST_BODY_BYTES)
            tell.keep_alive = head.keep_alive
            said = read_said(body)
            await self._pass(said)
        except NoMessageError as fault:
            await tell.one(error_to(None, PARSE_ERROR, str(fault)), 400)
        except CallRefusedError as fault:
            await self._refuse(said, fault)
        return tell.keep_alive and not self.is_over

    async def _refuse(self, said: Said, fault: CallRefusedError) -> None:
        # What a limit holds back is counted, and audited once in a while.
        self._door.note_refused(self._caller, said, fault)
        if self.is_over:
            return
        status = _OK if said.is_request and not isinstance(fault, SessionOverError) else fault.status
        await self._tell.one(refusal_to(said.id, fault), status)

    async def _plainly(self, status: int, words: str) -> bool:
        # The body was not read, so nothing may follow on this connection.
        await self._tell.one(error_to(None, INVALID_REQUEST, words), status)
        return False

    # -- whose, and where to ------------------------------------------------------------------------------------

    async def _pass(self, said: Said) -> None:
        door, head = self._door, self._head
        gateway, binding = door.gateway, door.binding
        caller = self._caller = gateway.caller(head.get(b"traceparent"), binding)
        connection, decision = gateway.require(caller, binding, McpConnection)
        era = era_of(said, head.get(b"mcp-protocol-version"))
        session = None
        if not era.stateless and said.method != "initialize":
            session = door.sessions.of(head.get(SESSION), caller.identity)
            era = Era(session.version, stateless=False)
        gate = gateway.gates.of(binding)
        try:
            gate.require_up()
            place = await gate.enter(Who.of(binding.app, caller.identity))
        except LimitedError as fault:
            raise gateway.limited(binding, fault) from None
        try:
            with credential_faults(binding.resource):
                shown = await gateway.credentials.of(connection, self._asker)
            way = Way(connection, decision, caller, gate, era, session, shown)
            sender = Sender(
                door, way, self._watch, self._asker, self._take, lambda: self.is_over,
                lambda fault: self._fault(fault, connection),
            )  # fmt: skip
            if said.method:
                await self._forward(cleaned(said, door.opened), way, sender)
            else:
                await self._answer_server(said, way, sender)
        finally:
            place.leave()

    @property
    def _asker(self) -> Asker:
        return Asker(self._caller.identity, self.binding.app, self.binding.resource)

    def _take(self, upstream: Channel) -> None:
        self._upstream = upstream

    # -- messages -----------------------------------------------------------------------------------------------

    async def _forward(self, said: Said, way: Way, sender: Sender) -> None:
        """Judge a message and pass it on; what it came to is audited, however it ends."""
        if said.method == "notifications/roots/list_changed" and "roots" not in self._door.opened.asks:
            await self._tell.accepted()
            return
        going = await self._judged(said, way, sender)
        called, began = Called(said, masked=len(going.fields)), time.monotonic()
        try:
            await self._exchange(going, way, sender, called)
        except (CallRefusedError, LimitedError, *BROKEN) as fault:
            told = self._fault(fault, way.connection)
            called.failed, called.reason = True, told.message
            if isinstance(told, SessionOverError) or not said.is_request:
                raise told from None
            if not self.is_over:
                await self._tell.one(refusal_to(said.id, told))
        finally:
            called.milliseconds = round((time.monotonic() - began) * 1000, 2)
            self._door.note_called(way.caller, called, way.decision)

    async def _judged(self, said: Said, way: Way, sender: Sender) -> Going:
        tools = {}
        if said.method == "tools/call":
            self._door.opened.tool(str(said.params.get("name", "")))
            try:
                tools = await sender.tools()
            except (LimitedError, *BROKEN) as fault:
                raise self._fault(fault, way.connection) from None
        person = person_of(way.caller.identity)
        return judged(said, self._door.opened, tools, dict(person.attributes) if person is not None else None)

    async def _exchange(self, going: Going, way: Way, sender: Sender, called: Called) -> None:
        said = going.said
        called.bytes_out = len(said.encoded)
        asking = await sender.send(said, going.tool)
        try:
            if not said.is_request:
                await self._tell.accepted()
                return
            session = self._begun(said, asking, way)
            async with aclosing(self._answers(asking, going, way, sender)) as answers:
                async for answer in answers:
                    over = answer.id == said.id and not answer.method
                    called.failed |= answer.error is not None or bool((answer.result or {}).get("isError"))
                    if session is not None and over and answer.result is not None:
                        session.version = version_of(answer.result)
                    shown, redacted = await without_secrets(answer, said.method, self._door.gateway.redacted)
                    called.redacted += redacted
                    await self._tell.message(shown, last=over, stream=asking.is_stream)
                    if over:
                        return
            raise EOFError
        finally:
            called.bytes_in = asking.bytes_in
            asking.end()

    def _begun(self, said: Said, asking: Asking, way: Way) -> Session | None:
        """Return the session that a message begins."""
        if said.method != "initialize":
            return None
        session = self._door.sessions.begin(way.caller.identity, asking.session, "")
        self._tell.session = session.id
        return session

    async def _answers(self, asking: Asking, going: Going, way: Way, sender: Sender) -> AsyncGenerator[Said, None]:
        """Yield what of an answer goes on to the app."""
        async with aclosing(asking.said()) as messages:
            async for message in messages:
                if message.is_request:
                    if await self._may_ask(message, way, sender):
                        yield message
                elif message.method:
                    if message.method == "notifications/tools/list_changed":
                        self._door.definitions.forget()
                    found = going.notified(message, self._door.opened)
                    if found is not None:
                        yield found
                elif message.error is not None and message.id in {None, going.said.id}:
                    yield going.failed(message)
                elif message.id == going.said.id:
                    yield going.answered(message, self._door.opened, self._drift)

    def _drift(self, tool: str, fault: CallRefusedError) -> None:
        self._door.note_drift(self._caller, tool, fault)

    async def _may_ask(self, message: Said, way: Way, sender: Sender) -> bool:
        """Return whether the app hears of what a server asks; else the server is told that nobody answers."""
        assert message.id is not None  # noqa: S101 - it is a request
        if way.session is not None and results.asked_by(message.method) in self._door.opened.asks:
            way.session.ask(message.id, message.method)
            return True
        answer = Said(id=message.id, result={})
        if message.method != "ping":
            answer = error_to(message.id, METHOD_NOT_FOUND, "this client does not do that")
            words = f"the server asks for {message.method}, which no access opens"
            refused = CallRefusedError(403, words, deciders=("data-grant",))
            self._door.note_refused(way.caller, Said(message.method), refused, by_app=False)
        with suppress(*BROKEN, CallRefusedError, LimitedError):
            (await sender.send(answer, beside=True)).end()
        return False

    async def _answer_server(self, said: Said, way: Way, sender: Sender) -> None:
        """Pass on what an app answers to what the server asked in this session."""
        if way.session is None or said.id is None or way.session.asked.pop(said.id, None) is None:
            raise CallRefusedError(400, "the server asked nothing of this number", deciders=("data-grant",))
        try:
            (await sender.send(said)).end()
        except (LimitedError, *BROKEN) as fault:
            raise self._fault(fault, way.connection) from None
        await self._tell.accepted()

    async def _end_session(self) -> bool:
        """End a session here; the server is told, and need not answer."""
        door, head = self._door, self._head
        try:
            caller = self._caller = door.gateway.caller(head.get(b"traceparent"), door.binding)
            session = door.sessions.of(head.get(SESSION), caller.identity)
        except CallRefusedError as fault:
            return await self._plainly(fault.status, fault.message)
        door.sessions.end(session)
        if session.server_id:
            headers = [(b"mcp-protocol-version", session.version.encode()), (SESSION, session.server_id.encode())]
            with suppress(*BROKEN, CallRefusedError, LimitedError):
                connection, _ = door.gateway.require(caller, door.binding, McpConnection)
                asking = Asking(connection, self._watch, await door.gateway.credentials.of(connection, self._asker))
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    await asking.send(door.gateway.upstreams.connect, "DELETE", headers, b"", self._take)
                asking.end()
        self._tell.keep_alive = head.keep_alive and head.length == 0
        await self._tell.accepted(_NO_CONTENT)
        return self._tell.keep_alive and not self.is_over

    # -- faults --------------------------------------------------------------------------------------------------

    def _fault(self, fault: Exception, connection: McpConnection) -> CallRefusedError:
        """Return what to say of a fault: nothing of what the server said, which may be anything."""
        if self.is_over:
            return CallRefusedError(401 if self._ended else 499, "the call was ended while it ran")
        if isinstance(fault, CallRefusedError):
            return fault
        if isinstance(fault, LimitedError):
            return self._door.gateway.limited(self.binding, fault)
        if isinstance(fault, BadRequestError):
            return CallRefusedError(fault.status, str(fault))
        if self._watch.ran_out or isinstance(fault, TimeoutError):
            return CallRefusedError(504, f"the server said nothing for {connection.timeout_seconds:.3g} s")
        words = "broke off its answer, or it is none" if self._upstream else f"is not reached ({type(fault).__name__})"
        return CallRefusedError(502, f"the server {words}")

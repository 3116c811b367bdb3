"""One call: let through or refused, passed on to the service, and its answer passed back."""

import time

import httptools

from bailiwick.core.messages import ServiceConnection
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity, Principal
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.calls import UnderWay
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.services.credentials import Asker, credential_faults
from bailiwick.dataplane.gateways.services.gateway import Called, Caller, ServiceGateway
from bailiwick.dataplane.gateways.services.headers import refusal, request_head
from bailiwick.dataplane.gateways.services.matching import Matched, Wanted, match, read_target, suiting
from bailiwick.dataplane.gateways.services.relay import Relay
from bailiwick.dataplane.gateways.services.showing import Shown
from bailiwick.dataplane.gateways.upstreams import Address
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import RequestHead

MAX_BODY_BYTES = 16 * 2**20
_UNAUTHORIZED, _HUNG_UP = 401, 499
# What may be asked twice without being done twice (RFC 9110 section 9.2.2).
_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_LONGEST_SHOWN = 300


class Exchange(UnderWay):
    """One call through one socket."""

    def __init__(
        self, gateway: ServiceGateway, binding: Binding, client: Channel, watch: Watch, head: RequestHead
    ) -> None:
        super().__init__(client, watch, head)
        self.binding = binding
        self._gateway = gateway
        self._caller: Caller | None = None

    @property
    def identity(self) -> Identity | None:
        """Whose call this is, once that is known."""
        return self._caller.identity if self._caller is not None else None

    async def run(self) -> bool:
        """Serve the call; return whether another may follow on this connection."""
        self._gateway.under_way.add(self)
        self._client.on_end = self._client_ended
        try:
            return await self._serve()
        finally:
            self._client.on_end = None
            self._gateway.under_way.discard(self)

    async def _serve(self) -> bool:
        gateway, head = self._gateway, self._head
        call = f"{head.method} {head.target.partition('?')[0]}"[:_LONGEST_SHOWN]
        self._caller = Caller(Identity.of_service(Principal("app", self.binding.app)))
        try:
            caller = self._caller = gateway.caller(head.get(b"traceparent"), self.binding)
            connection, decision = gateway.require(caller, self.binding)
            wanted = read_target(head.method, head.target)
            matched = match(wanted, self.binding.grant.requests)
            body = await self._body(MAX_BODY_BYTES)
            matched = suiting(matched, body, head.get(b"content-type"))
            shown = await self._credential(connection, caller)
        except CallRefusedError as fault:
            return await self._refuse(call, fault)
        self._gone = self._gone or self._client.is_over
        return await self._call(caller, connection, wanted, matched, body, shown, decision)

    async def _credential(self, connection: ServiceConnection, caller: Caller) -> Shown | None:
        with credential_faults(self.binding.resource):
            return await self._gateway.credentials.of(connection, self._asker(caller))

    def _asker(self, caller: Caller) -> Asker:
        return Asker(caller.identity, self.binding.app, self.binding.resource)

    async def _refuse(self, call: str, fault: CallRefusedError) -> bool:
        if self._caller is not None:
            self._gateway.note_refused(self._caller, self.binding, call, fault)
        keep = self._head.keep_alive and (self._body_read or self._head.length == 0)
        self._client.write(refusal(fault, keep_alive=keep))
        await self._client.drain()
        return keep

    # -- the call ------------------------------------------------------------------------------------------------

    async def _call(
        self,
        caller: Caller,
        connection: ServiceConnection,
        wanted: Wanted,
        matched: Matched,
        body: bytes,
        shown: Shown | None,
        decision: Decision,
    ) -> bool:
        """Pass the call on, and audit what it came to, however it ends."""
        began = time.monotonic()
        called = Called(f"{wanted.method} {wanted.path}"[:_LONGEST_SHOWN], bytes_out=len(body))
        called.masked = len(matched.fields)
        relay = self._relay(connection, wanted, matched, shown)
        keep = False
        try:
            try:
                await self._pass_on(connection, wanted, matched, body, shown, relay, caller.trace)
            except CallRefusedError:
                # A service that does not know who calls has done nothing: it is asked once more with another token.
                if relay.status != _UNAUTHORIZED or self.is_over:
                    raise
                self._watch.rest()
                self._abort_upstream()
                with credential_faults(self.binding.resource):
                    shown = await self._gateway.credentials.renewed(
                        connection, self._asker(caller), shown, relay.wanted_nonce
                    )
                if shown is None:
                    raise
                relay = self._relay(connection, wanted, matched, shown)
                await self._pass_on(connection, wanted, matched, body, shown, relay, caller.trace)
            keep = self._head.keep_alive
        except (CallRefusedError, OSError, EOFError, TimeoutError, ValueError, httptools.HttpParserError) as fault:
            told = self._fault(fault, connection)
            called.reason, called.status = told.message, told.status
            if relay.status in {401, 403}:
                self._gateway.credentials.refused(connection)
            keep = await self._break_off(told, relay)
        finally:
            self._abort_upstream()
            called.status = called.status or relay.status
            called.bytes_in = relay.bytes_in
            called.milliseconds = round((time.monotonic() - began) * 1000, 2)
            self._gateway.note_called(caller, self.binding, called, decision)
        return keep and not self._gone

    def _relay(self, connection: ServiceConnection, wanted: Wanted, matched: Matched, shown: Shown | None) -> Relay:
        return Relay(
            self._client, self._watch, wanted.method, keep_alive=self._head.keep_alive, fields=matched.fields,
            shown=shown, timeout=connection.timeout_seconds, most_bytes=connection.most_answer_bytes,
        )  # fmt: skip

    async def _break_off(self, fault: CallRefusedError, relay: Relay) -> bool:
        """Tell the app of a fault where that is still possible; return whether its connection can go on."""
        self._watch.rest()
        if self.is_over:
            return False
        if relay.begun:
            self._client.abort()
            return False
        self._client.write(refusal(fault, keep_alive=self._head.keep_alive))
        await self._client.drain()
        return self._head.keep_alive

    def _fault(self, fault: Exception, connection: ServiceConnection) -> CallRefusedError:
        """Return what to say of a fault: nothing of what the service said, which may be anything."""
        if self.is_over:
            withdrawn = CallRefusedError(401, "the caller's access was withdrawn while this call ran")
            return withdrawn if self._ended else CallRefusedError(_HUNG_UP, "the app hung up")
        if isinstance(fault, CallRefusedError):
            return fault
        if self._watch.ran_out or isinstance(fault, TimeoutError):
            return CallRefusedError(504, f"the service said nothing for {connection.timeout_seconds:.3g} s")
        words = "broke off its answer, or it is none" if self._upstream else f"is not reached ({type(fault).__name__})"
        return CallRefusedError(502, f"the service {words}")

    async def _pass_on(
        self,
        connection: ServiceConnection,
        wanted: Wanted,
        matched: Matched,
        body: bytes,
        shown: Shown | None,
        relay: Relay,
        trace: str,
    ) -> None:
        address, upstreams = Address.to(connection), self._gateway.upstreams
        head = request_head(
            self._head, address, wanted.target, len(body), shown=shown, along=matched.headers, trace=trace, body=body
        )
        out = head + body
        # A connection that was idle may be closed just now: what must not be done twice goes over a new one.
        known = upstreams.take_idle(address) if wanted.method in _IDEMPOTENT else None
        upstream = known or await self._connected(address)
        first = await self._ask(upstream, out, relay.expect)
        if not first and known is not None and not self.is_over and not self._watch.ran_out:
            upstream = await self._connected(address)
            first = await self._ask(upstream, out, relay.expect)
        if not first:
            raise EOFError
        await relay.pass_on(upstream, first)
        self._watch.rest()
        if relay.reusable:
            self._upstream = None
            upstreams.give_back(address, upstream)

    async def _connected(self, address: Address) -> Channel:
        with credential_faults(self.binding.resource):
            return await self._gateway.upstreams.connect(address)

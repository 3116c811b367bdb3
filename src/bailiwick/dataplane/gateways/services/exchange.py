"""One call: let through or refused, passed on to the service, and its answer passed back."""

import asyncio
import random
import time
from contextlib import suppress
from dataclasses import replace

import httptools

from bailiwick.core.messages import ServiceConnection
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity, Principal
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.calls import UnderWay, more_of
from bailiwick.dataplane.gateways.limits import Attempt, Gate, LimitedError, Place, Who, hold_seconds
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.services.credentials import Asker, credential_faults
from bailiwick.dataplane.gateways.services.gateway import Called, Caller, ServiceGateway
from bailiwick.dataplane.gateways.services.going import Going
from bailiwick.dataplane.gateways.services.headers import refusal, request_head
from bailiwick.dataplane.gateways.services.matching import Matched, Told, match, read_target, suiting
from bailiwick.dataplane.gateways.services.objects import asked_target, require_no_meaning_lost
from bailiwick.dataplane.gateways.services.relay import Relay
from bailiwick.dataplane.gateways.services.showing import Shown
from bailiwick.dataplane.gateways.services.tokens import person_of
from bailiwick.dataplane.gateways.upstreams import Address
from bailiwick.dataplane.router.bodies import pieces_of_body
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import BadRequestError, RequestHead, TooLargeError

# What is longer is sent as it comes, where nobody has to look at it first.
_HELD_BODY_BYTES, _MOST_HELD_BODY_BYTES = 2**20, 16 * 2**20
_UNAUTHORIZED, _FORBIDDEN, _HUNG_UP = 401, 403, 499
# A token that was got meanwhile may have ended with the one before: then a fresh one is got.
_MOST_RENEWALS = 2
_LONGEST_SHOWN = 300
# A fault that a call brings about by what it asks for (500) must not close the way for others.
_FAULTS = frozenset({502, 503, 504})
_PAUSE_SECONDS = (0.05, 0.2)
_BROKEN = (OSError, EOFError, TimeoutError, ValueError, httptools.HttpParserError)


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
        place: Place | None = None
        try:
            caller = self._caller = gateway.caller(head.get(b"traceparent"), self.binding)
            connection, decision = gateway.require(caller, self.binding, ServiceConnection)
            wanted = read_target(head.method, asked_target(head, connection, self.binding.name))
            told = self._told(caller)
            matched = match(wanted, self.binding.grant.requests, told)
            require_no_meaning_lost(told.headers, matched.headers, connection.credential)
            matched, body = await self._looked_at(matched, connection, told)
            gate = gateway.gates.of(self.binding)
            place = await self._place(gate, caller)
            shown = await self._credential(connection, caller)
            going = Going(
                connection, wanted, matched, matched.fields, body, shown, caller.trace, self.binding.name,
                self.binding.grant.requests,
            )  # fmt: skip
            self._gone = self._gone or self._client.is_over
            return await self._call(caller, going, gate, decision)
        except CallRefusedError as fault:
            return await self._refuse(call, fault)
        finally:
            if place is not None:
                place.leave()

    def _told(self, caller: Caller) -> Told:
        """Return what is known of the call besides its path."""
        person = person_of(caller.identity)
        headers = {name.decode(): value.decode("latin-1") for name, value in self._head.first.items()}
        return Told(headers, person.attributes if person is not None else {})

    async def _looked_at(
        self, matched: Matched, connection: ServiceConnection, told: Told
    ) -> tuple[Matched, bytes | None]:
        """Return what opens the call with its body, and the body, None for one that is sent on as it comes."""
        length, most = self._head.length, connection.most_body_bytes
        if length is not None and length > most:
            raise CallRefusedError(413, f"the body is larger than {_size(most)}")
        if not matched.looks_at_bodies and (length is None or length > _HELD_BODY_BYTES):
            return matched, None
        body = await self._body(min(most, _MOST_HELD_BODY_BYTES))
        return suiting(matched, body, self._head.get(b"content-type"), told), body

    async def _place(self, gate: Gate, caller: Caller) -> Place:
        try:
            gate.require_up()
            return await gate.enter(Who.of(self.binding.app, caller.identity))
        except LimitedError as fault:
            raise self._gateway.limited(self.binding, fault) from None

    async def _credential(self, connection: ServiceConnection, caller: Caller) -> Shown | None:
        with credential_faults(self.binding.resource):
            return await self._gateway.credentials.of(connection, self._asker(caller))

    def _asker(self, caller: Caller) -> Asker:
        return Asker(caller.identity, self.binding.app, self.binding.resource)

    async def _refuse(self, call: str, fault: CallRefusedError) -> bool:
        if self._caller is not None:
            self._gateway.note_refused(self._caller, self.binding, call, fault)
        keep = self._keeps
        self._client.write(refusal(fault, keep_alive=keep))
        await self._client.drain()
        return keep

    @property
    def _keeps(self) -> bool:
        """Whether another call may follow: what was not read of a body would be taken for it."""
        return self._head.keep_alive and (self._body_read or self._head.length == 0)

    # -- the call ------------------------------------------------------------------------------------------------

    async def _call(self, caller: Caller, going: Going, gate: Gate, decision: Decision) -> bool:
        """Pass the call on, and audit what it came to, however it ends."""
        began = time.monotonic()
        called = Called(f"{going.wanted.method} {going.wanted.path}"[:_LONGEST_SHOWN])
        called.bytes_out, called.masked = len(going.body or b""), len(going.fields)
        relay: Relay | None = None
        keep = False
        try:
            relay = await self._answer_to(going, gate, called)
            for _ in range(_MOST_RENEWALS):
                again = await self._shown_anew(going, caller, relay) if relay.status == _UNAUTHORIZED else None
                if again is None:
                    break
                going = again
                relay = await self._answer_to(going, gate, called)
            if relay.status == _FORBIDDEN:
                self._gateway.credentials.doubt(going.connection, self._asker(caller), going.shown)
            relay.keep_alive = self._keeps
            await relay.pass_on(self._reached)
            self._watch.rest()
            if relay.reusable and self._upstream is not None:
                self._gateway.upstreams.give_back(Address.to(going.connection), self._upstream)
                self._upstream = None
            keep = self._keeps
        except (CallRefusedError, LimitedError, BadRequestError, *_BROKEN) as fault:
            told = self._fault(fault, going.connection)
            called.reason, called.status = told.message, told.status
            if relay is not None and relay.status in {401, 403}:
                self._gateway.credentials.refused(going.connection)
            if relay is not None and relay.begun and not self.is_over:
                gate.note_broken(told.message)
            keep = await self._break_off(told, relay)
        finally:
            self._abort_upstream()
            if relay is not None:
                called.status = called.status or relay.status
                called.bytes_in = relay.bytes_in
            called.milliseconds = round((time.monotonic() - began) * 1000, 2)
            self._gateway.note_called(caller, self.binding, called, decision)
        return keep and not self._gone

    async def _shown_anew(self, going: Going, caller: Caller, relay: Relay) -> Going | None:
        """Return a call with another token, of one whose token was not taken: the service has done nothing.

        None where there is no other token, or what was sent is not there to be sent again.
        """
        if going.body is None or self.is_over:
            return None
        with credential_faults(self.binding.resource):
            shown = await self._gateway.credentials.renewed(
                going.connection, self._asker(caller), going.shown, relay.wanted_nonce
            )
        if shown is None:
            return None
        self._watch.rest()
        self._abort_upstream()
        self._upstream = None
        return replace(going, shown=shown)

    async def _break_off(self, fault: CallRefusedError, relay: Relay | None) -> bool:
        """Tell the app of a fault where that is still possible; return whether its connection can go on."""
        self._watch.rest()
        if self.is_over:
            return False
        if relay is not None and relay.begun:
            self._client.abort()
            return False
        keep = self._keeps
        self._client.write(refusal(fault, keep_alive=keep))
        await self._client.drain()
        return keep

    def _fault(self, fault: Exception, connection: ServiceConnection) -> CallRefusedError:
        """Return what to say of a fault: nothing of what the service said, which may be anything."""
        if self.is_over:
            withdrawn = CallRefusedError(401, "the caller's access was withdrawn while this call ran")
            return withdrawn if self._ended else CallRefusedError(_HUNG_UP, "the app hung up")
        if isinstance(fault, CallRefusedError):
            return fault
        if isinstance(fault, LimitedError):
            return self._gateway.limited(self.binding, fault)
        if isinstance(fault, BadRequestError):
            return CallRefusedError(fault.status, str(fault))
        if self._watch.ran_out or isinstance(fault, TimeoutError):
            return CallRefusedError(504, f"the service said nothing for {connection.timeout_seconds:.3g} s")
        words = "broke off its answer, or it is none" if self._upstream else f"is not reached ({type(fault).__name__})"
        return CallRefusedError(502, f"the service {words}")

    # -- on the way to the service -------------------------------------------------------------------------------

    @property
    def _reached(self) -> Channel:
        if self._upstream is None:
            raise EOFError
        return self._upstream

    async def _answer_to(self, going: Going, gate: Gate, called: Called) -> Relay:
        """Return the answer to a call, its head read; what can do nothing twice is asked again when that may help."""
        while True:
            attempt = gate.attempt()
            try:
                relay = await self._try(going, called)
            except BaseException as fault:
                self._settle(attempt, fault, going)
                if not self._is_worth_repeating(fault, going, called, gate):
                    raise
            else:
                hold = hold_seconds(relay.status, relay.headers, self._gateway.clock())
                if hold:
                    gate.hold(hold)
                if relay.status not in _FAULTS:
                    attempt.answered()
                    return relay
                attempt.failed(f"status {relay.status}")
                if hold or not self._may_repeat(going, called, gate):
                    return relay
            self._abort_upstream()
            self._upstream = None
            called.repeats += 1
            self._watch.rest()
            await asyncio.sleep(random.uniform(*_PAUSE_SECONDS) * called.repeats)  # noqa: S311 - spreads calls only

    def _settle(self, attempt: Attempt, fault: BaseException, going: Going) -> None:
        """Tell the breaker of a try that failed, unless it says nothing of the service."""
        if self.is_over or not isinstance(fault, _BROKEN):
            attempt.left()
        else:
            attempt.failed(self._fault(fault, going.connection).message)

    def _is_worth_repeating(self, fault: BaseException, going: Going, called: Called, gate: Gate) -> bool:
        """Return whether a call that was not answered is made again: what took its time once is not asked twice."""
        slow = self._watch.ran_out or isinstance(fault, TimeoutError)
        broken = isinstance(fault, OSError | EOFError) and not slow
        return broken and not self.is_over and self._may_repeat(going, called, gate)

    @staticmethod
    def _may_repeat(going: Going, called: Called, gate: Gate) -> bool:
        return going.is_repeatable and called.repeats < gate.limits.repeats.most and gate.may_repeat()

    async def _try(self, going: Going, called: Called) -> Relay:
        """Ask once; return the answer with its head read."""
        address, upstreams = Address.to(going.connection), self._gateway.upstreams
        length = self._head.length if going.body is None else len(going.body)
        out = request_head(
            self._head, address, going.wanted.target, length, shown=going.shown, along=going.matched.headers,
            trace=going.trace, body=going.body,
        ) + (going.body or b"")  # fmt: skip
        relay = Relay(self._client, self._watch, going)
        # A connection that was idle may be closed just now: what must not be done twice goes over a new one.
        known = upstreams.take_idle(address) if going.is_repeatable and not called.repeats else None
        upstream = known or await self._connected(address)
        first = await self._first(upstream, out, relay, going, called)
        if not first and known is not None and not self.is_over and not self._watch.ran_out:
            upstream = await self._connected(address)
            first = await self._first(upstream, out, relay, going, called)
        if not first:
            raise EOFError
        await relay.read_head(upstream, first)
        return relay

    async def _connected(self, address: Address) -> Channel:
        with credential_faults(self.binding.resource):
            return await self._gateway.upstreams.connect(address)

    async def _first(self, upstream: Channel, out: bytes, relay: Relay, going: Going, called: Called) -> bytes:
        """Send the call; return the beginning of the answer, empty when the service closed instead."""
        relay.restart()
        if going.body is not None:
            return await self._ask(upstream, out, relay.expect)
        self._upstream = upstream
        if self.is_over:
            raise EOFError
        upstream.write(out)
        sending = asyncio.create_task(self._send_body(upstream, going.connection, called))
        answering = asyncio.create_task(more_of(upstream))
        try:
            await asyncio.wait((sending, answering), return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                # Where the service hung up while it was sent to, it may have said why before.
                with suppress(OSError):
                    sending.result()
                relay.restart()
                relay.expect(upstream)
            return await answering
        finally:
            sending.cancel()
            answering.cancel()
            await asyncio.gather(sending, answering, return_exceptions=True)

    async def _send_body(self, upstream: Channel, connection: ServiceConnection, called: Called) -> None:
        """Send the body as it comes, each side only as fast as the other."""
        timeout, most = connection.timeout_seconds, connection.most_body_bytes
        self._say_continue()
        self._watch.expect(self._client, timeout)
        try:
            async for piece in pieces_of_body(self._client, self._head.length, most):
                called.bytes_out += len(piece)
                upstream.write(piece)
                self._watch.expect(upstream, timeout)
                await upstream.drain()
                self._watch.expect(self._client, timeout)
            self._body_read = True
        except TooLargeError:
            raise CallRefusedError(413, f"the body is larger than {_size(most)}") from None


def _size(most_bytes: int) -> str:
    return f"{most_bytes // 2**20} MiB" if most_bytes >= 2**20 else f"{most_bytes} bytes"

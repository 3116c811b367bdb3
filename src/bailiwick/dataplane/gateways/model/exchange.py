"""One call: let through or refused, passed on to the model's server, and its answer passed back as it comes."""

import time

import httptools

from bailiwick.core.errors import BailiwickError
from bailiwick.core.messages import ModelState
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.calls import UnderWay
from bailiwick.dataplane.gateways.model.bodies import (
    Asked,
    Looked,
    Outgoing,
    look_through,
    off_loop,
    outgoing,
    output_wanted,
    read_body,
)
from bailiwick.dataplane.gateways.model.budget import Reservation
from bailiwick.dataplane.gateways.model.doors import Door
from bailiwick.dataplane.gateways.model.errors import render
from bailiwick.dataplane.gateways.model.gateway import ModelGateway
from bailiwick.dataplane.gateways.model.headers import own_answer, request_head
from bailiwick.dataplane.gateways.model.judging import require_judged
from bailiwick.dataplane.gateways.model.model import Called, Caller, Endpoint
from bailiwick.dataplane.gateways.model.policing import Admitted, ToolRefusedError
from bailiwick.dataplane.gateways.model.relay import Relay
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.upstreams import Address
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import RequestHead

MAX_BODY_BYTES = 32 * 2**20
_HUNG_UP = 499


class Exchange(UnderWay):
    """One call at one endpoint."""

    def __init__(
        self, gateway: ModelGateway, door: Door, client: Channel, watch: Watch, head: RequestHead, endpoint: Endpoint
    ) -> None:
        self._gateway = gateway
        self._door = door
        super().__init__(client, watch, head)
        self._endpoint = endpoint
        self._caller: Caller | None = None
        self._model: ModelState | None = None

    @property
    def identity(self) -> Identity | None:
        """Whose call this is, once that is known."""
        return self._caller.identity if self._caller is not None else None

    @property
    def model(self) -> ModelState | None:
        """The model that is called, once that is known."""
        return self._model

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
        try:
            caller = self._caller = await self._door.caller(self._head, self._client.address)
            asked = await self._asked()
            model = self._model = self._gateway.find(caller, asked.model, self._endpoint.family)
            decision = self._gateway.require(caller, model)
            # Before the body is looked through: that keeps the credential itself from leaving in it.
            key = await self._credential(model)
            looked = await self._looked_through(asked, model)
            admitted = self._gateway.admit(caller, model, looked.noticed, frozenset(looked.seen.counts))
            judge = self._gateway.judge()
            if judge is not None and not self._endpoint.free and model.name in (judge.models or {model.name}):
                await require_judged(self._gateway, judge, asked.document, looked)
            body = await off_loop(len(asked.raw), outgoing, asked, model.model, looked, admitted.closed)
            wanted = 0 if self._endpoint.free else body.tokens + self._output(asked, model)
            reservation = self._gateway.budget.reserve(model, caller.account, wanted)
        except CallRefusedError as fault:
            return await self._refuse(fault)
        self._gone = self._gone or self._client.is_over
        return await self._call(caller, model, key, body, decision, admitted, reservation)

    async def _credential(self, model: ModelState) -> str:
        try:
            return await self._gateway.credential(model) if model.has_key else ""
        except BailiwickError as fault:
            words = f"the credential of {model.name} cannot be had now: {fault.message}"
            raise CallRefusedError(503, words, hint=fault.hint) from None

    def _output(self, asked: Asked, model: ModelState) -> int:
        return output_wanted(asked, self._endpoint.output, model.most_output_tokens)

    async def _refuse(self, fault: CallRefusedError) -> bool:
        if self._caller is not None:
            self._gateway.note_refused(self._caller, self._model, self._endpoint.path, fault)
        keep = self._head.keep_alive and self._body_read
        self._client.write(own_answer(fault.status, render(fault, self._endpoint.family), keep_alive=keep))
        await self._client.drain()
        return keep

    # -- the request ---------------------------------------------------------------------------------------------

    async def _asked(self) -> Asked:
        """Return the body as it came, read."""
        raw = await self._body(MAX_BODY_BYTES)
        return await off_loop(len(raw), read_body, raw)

    async def _looked_through(self, asked: Asked, model: ModelState) -> Looked:
        search = self._gateway.search
        await search.ready()
        topics = self._gateway.prompts.topics()
        return await off_loop(len(asked.raw), look_through, asked, search.of(model.redact), topics)

    # -- the call ------------------------------------------------------------------------------------------------

    async def _call(
        self,
        caller: Caller,
        model: ModelState,
        key: str,
        body: Outgoing,
        decision: Decision,
        admitted: Admitted,
        reservation: Reservation,
    ) -> bool:
        """Pass the call on, and settle and audit what it came to, however it ends."""
        began = time.monotonic()
        search = self._gateway.search.of_answer(model.redact, body.seen)
        relay = Relay(self._client, self._watch, self._head, self._endpoint, model, search, admitted)
        called, words, keep = Called(self._endpoint.path, len(body.content), redacted=body.redacted), "", False
        called.about = admitted.facts
        try:
            keep = await self._pass_on(model, body, key, relay)
        except (CallRefusedError, OSError, EOFError, TimeoutError, ValueError, httptools.HttpParserError) as fault:
            told = self._fault(fault, model)
            words, called.status = told.message, told.status
            if isinstance(told, ToolRefusedError):
                self._gateway.note_tool_refused(caller, model, admitted, told)
            if relay.server_refused_us:
                self._gateway.refused_credential(model)
            if not self.is_over:
                keep = await relay.break_off(told)
        finally:
            self._abort_upstream()
            relay.fill(called, estimated_in=0 if self._endpoint.free else body.tokens)
            self._gateway.prompts.follow(admitted, relay.answer_id)
            called.milliseconds = round((time.monotonic() - began) * 1000, 2)
            self._gateway.budget.settle(reservation, called.tokens_in + called.tokens_out)
            self._gateway.note_called(caller, model, called, decision, words)
        return keep and not self._gone

    def _fault(self, fault: Exception, model: ModelState) -> CallRefusedError:
        """Return what to say of a fault: nothing of what the server said, which may be anything."""
        if self.is_over:
            withdrawn = CallRefusedError(401, "the caller's access was withdrawn while this call ran")
            return withdrawn if self._ended else CallRefusedError(_HUNG_UP, "the caller hung up")
        if isinstance(fault, CallRefusedError):
            return fault
        if self._watch.ran_out:
            return CallRefusedError(504, f"the model's server said nothing for {model.timeout_seconds:.3g} s")
        words = "broke off its answer, or it is none" if self._upstream else f"is not reached ({type(fault).__name__})"
        return CallRefusedError(502, f"the model's server {words}")

    async def _pass_on(self, model: ModelState, body: Outgoing, key: str, relay: Relay) -> bool:
        address, gateway = Address.of(model.url), self._gateway
        out = request_head(self._head, address, self._endpoint.suffix, len(body.content), family=model.family, key=key,
                           redact=gateway.search.redact) + body.content  # fmt: skip
        known = gateway.upstreams.take_idle(address)
        upstream = known or await gateway.upstreams.connect(address)
        first = await self._ask(upstream, out, relay.sending)
        if not first and known is not None and not self.is_over and not self._watch.ran_out:
            # The server closed an idle connection just as we chose it, with nothing of an answer: it is asked again.
            upstream = await gateway.upstreams.connect(address)
            first = await self._ask(upstream, out, relay.sending)
        keep = await relay.answer(upstream, first, key)
        if relay.reusable:
            self._upstream = None
            gateway.upstreams.give_back(address, upstream)
        return keep

"""One call: let through or refused, passed on to the model's server, and its answer passed back as it comes.

Where a server is not reached, asks to be left alone, or is left alone because it fails, the next model answers that the
called one names in its place, and that the caller may call as well. Nothing of an answer has been passed on then.
"""

import logging
import time
from collections.abc import Iterator

from bailiwick.core.errors import BailiwickError
from bailiwick.core.messages import ModelState
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.limits import LimitedError, Who
from bailiwick.dataplane.gateways.model.bodies import (
    Asked,
    Looked,
    look_through,
    off_loop,
    outgoing,
    output_wanted,
    read_body,
)
from bailiwick.dataplane.gateways.model.doors import Door
from bailiwick.dataplane.gateways.model.errors import render
from bailiwick.dataplane.gateways.model.files import require_no_files
from bailiwick.dataplane.gateways.model.gateway import ModelGateway
from bailiwick.dataplane.gateways.model.headers import own_answer
from bailiwick.dataplane.gateways.model.judging import require_judged
from bailiwick.dataplane.gateways.model.kept_answers import Slot
from bailiwick.dataplane.gateways.model.model import Called, Caller, Endpoint, Spent
from bailiwick.dataplane.gateways.model.observing import model_call
from bailiwick.dataplane.gateways.model.outflows import Flow, Measured
from bailiwick.dataplane.gateways.model.policing import Admitted, ToolRefusedError
from bailiwick.dataplane.gateways.model.prompt_log import Entry
from bailiwick.dataplane.gateways.model.reaching import BROKEN, ELSEWHERE, Going, Reaching
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.services.showing import Shown
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import RequestHead

_LOG = logging.getLogger("bailiwick.plane.models")
MAX_BODY_BYTES = 32 * 2**20
_Others = Iterator[tuple[ModelState, Decision]]


class Exchange(Reaching):
    """One call at one endpoint; `named` is the model that its path names, empty where the body does."""

    def __init__(
        self,
        gateway: ModelGateway,
        door: Door,
        client: Channel,
        watch: Watch,
        head: RequestHead,
        endpoint: Endpoint,
        named: str,
    ) -> None:
        super().__init__(gateway, client, watch, head, endpoint)
        self._door = door
        self._named = named
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
            model = self._model = self._gateway.find(caller, asked.model, self._endpoint.surface)
            decision = self._gateway.require(caller, model)
            others = self._gateway.others(caller, model)
            going = await self._first(caller, asked, model, decision, others)
        except CallRefusedError as fault:
            return await self._refuse(fault)
        self._gone = self._gone or self._client.is_over
        return await self._call(asked, going, others, model.name)

    async def _first(
        self, caller: Caller, asked: Asked, model: ModelState, decision: Decision, others: _Others
    ) -> Going:
        """Return the call as it goes to the model, or to another in its place where its server is left alone."""
        try:
            return await self._ready(caller, asked, model, decision)
        except LimitedError as fault:
            if fault.kind in {"breaker", "held"}:
                going = await self._next(caller, asked, others, fault.message)
                if going is not None:
                    return going
            raise self._gateway.limited(caller, model, fault) from None

    async def _next(self, caller: Caller, asked: Asked, others: _Others, because: str) -> Going | None:
        """Return the call as it goes to the next model that can take it, None where there is none."""
        for model, decision in others:
            try:
                return await self._ready(caller, asked, model, decision, because)
            except (CallRefusedError, LimitedError):
                continue
        return None

    async def _ready(
        self, caller: Caller, asked: Asked, model: ModelState, decision: Decision, because: str = ""
    ) -> Going:
        """Return a call with all that it needs: a place, the credential, a body without secrets, room in budgets.

        Raises `LimitedError`, and `CallRefusedError` where something else stands in the way.
        """
        if not model.images:
            require_no_files(asked.document, model.name)
        gate = self._gateway.gate(caller, model)
        gate.require_up()
        place = await gate.enter(Who.of(caller.app or caller.account, caller.identity))
        try:
            # Before the body is looked through: that keeps the credential itself from leaving in it.
            shown = await self._credential(model)
            looked, flow = await self._looked_through(asked, model)
            self._gateway.outflows.require(caller, model, flow)
            classes = frozenset(looked.seen.counts) | flow.classes
            admitted = self._gateway.admit(caller, model, looked.noticed, classes)
            slot = None if because else self._slot(caller, asked, model, looked, admitted)
            again = self._gateway.answers.get(slot) if slot is not None else None
            if again is None:
                await self._judged(caller, asked, model, looked, flow)
            body = await off_loop(len(asked.raw), outgoing, asked, model.model, looked, admitted.closed)
            keeping = await self._gateway.kept.begin(model, asked, body)
            most = Spent(0, 0) if self._endpoint.free else Spent(body.tokens, self._output(asked, model))
            reservation = await self._gateway.budget.reserve(model, caller, most) if again is None else None
        except BaseException:
            place.leave()
            raise
        relay = self._relay(model, body, admitted, keeping, slot)
        return Going(
            caller, model, decision, gate, place, shown, body, flow, admitted, keeping, reservation, relay, because,
            slot, again,
        )  # fmt: skip

    def _slot(self, caller: Caller, asked: Asked, model: ModelState, looked: Looked, admitted: Admitted) -> Slot | None:
        """Return where the answer is kept; whoever answers in another's place keeps none."""
        return self._gateway.answers.slot(caller, model, asked, self._head, self._endpoint, looked.noticed, admitted)

    async def _credential(self, model: ModelState) -> Shown | None:
        try:
            return await self._gateway.credential(model)
        except BailiwickError as fault:
            words = f"the credential of {model.name} cannot be had now: {fault.message}"
            raise CallRefusedError(503, words, hint=fault.hint) from None

    def _output(self, asked: Asked, model: ModelState) -> int:
        return output_wanted(asked, self._endpoint.output, model.most_output_tokens)

    async def _refuse(self, fault: CallRefusedError) -> bool:
        if self._caller is not None:
            self._gateway.note_refused(self._caller, self._model, self._endpoint.path, fault)
        keep = self._head.keep_alive and self._body_read
        said = render(fault, self._endpoint.surface)
        self._client.write(own_answer(fault.status, said, keep_alive=keep, retry_seconds=fault.retry_seconds))
        await self._client.drain()
        return keep

    # -- the request ---------------------------------------------------------------------------------------------

    async def _asked(self) -> Asked:
        """Return the body as it came, read."""
        raw = await self._body(MAX_BODY_BYTES)
        return await off_loop(len(raw), read_body, raw, self._named)

    async def _looked_through(self, asked: Asked, model: ModelState) -> tuple[Looked, Flow]:
        search = self._gateway.search
        await search.ready()
        left_alone = None if model.redact == "all" else search.of("personal")
        look = Measured(asked.document, self._endpoint.path, search.of(model.redact), left_alone)
        topics = self._gateway.prompts.topics()
        looked = await off_loop(len(asked.raw), look_through, asked, look, topics, search.signs.of)
        return looked, look.flow

    async def _judged(self, caller: Caller, asked: Asked, model: ModelState, looked: Looked, flow: Flow) -> None:
        """Ask the judge, where there is one: what is kept from it, or switched off for it, does not go there either."""
        judge = self._gateway.judge()
        if judge is None or self._endpoint.free or model.name not in (judge.models or {model.name}):
            return

        async def shown(told: ModelState) -> Looked:
            here = (looked, flow)
            if told.redact == "all" and model.redact != "all":
                here = await self._looked_through(asked, told)
            self._gateway.outflows.require(caller, told, here[1])
            self._gateway.outflows.add(caller, told, here[1])
            return here[0]

        await require_judged(self._gateway, judge, asked.document, shown)

    # -- the call ------------------------------------------------------------------------------------------------

    async def _call(self, asked: Asked, going: Going, others: _Others, first: str) -> bool:
        """Pass the call on to one model after the other, as long as there is one and that may help."""
        while True:
            self._model = going.model
            came = await self._call_one(asked, going, others, first)
            if isinstance(came, bool):
                return came and not self._gone
            going = came

    async def _call_one(self, asked: Asked, going: Going, others: _Others, first: str) -> "Going | bool":
        """Pass the call on, and settle and audit what it came to, however it ends.

        Returns whether another call may follow on this connection, or the same as it goes to another model now.
        """
        began, since = time.monotonic(), time.time_ns()
        called, words = Called(self._endpoint.path, len(going.body.content), redacted=going.body.redacted), ""
        called.about = going.admitted.facts
        if going.because:
            called.asked, called.because = first, going.because
        called.age_seconds = going.again.age_seconds if going.again is not None else None
        came: Going | bool = False
        try:
            came, words = await self._answered(going, called, asked, others)
        except (CallRefusedError, LimitedError, *BROKEN) as fault:
            told = self._fault(fault, going)
            words, called.status = told.message, told.status
            if isinstance(told, ToolRefusedError):
                self._gateway.note_tool_refused(going.caller, going.model, going.admitted, told)
            if going.relay.server_refused_us:
                self._gateway.refused_credential(going.model)
            if going.relay.begun and not self.is_over:
                going.gate.note_broken(words)
            if not self.is_over:
                following = None
                if self._is_elsewhere(fault, going):
                    following = await self._after(going, called, asked, others, words)
                came = following or await going.relay.break_off(told)
        finally:
            self._abort_upstream()
            self._upstream = None
            going.place.leave()
            words = await self._counted(going, called) or words
            going.relay.measure(called)
            self._gateway.prompts.follow(going.admitted, going.relay.answer_id)
            called.milliseconds = round((time.monotonic() - began) * 1000, 2)
            left = going.relay.sent or going.lost > 0
            if left and going.again is None:
                self._gateway.outflows.add(going.caller, going.model, going.flow)
            self._gateway.note_called(going.caller, going.model, called, going.decision, words)
            kept = None
            if (left or going.again is not None) and going.keeping is not None:
                kept = await self._gateway.kept.end(going.keeping, going.model, going.caller, called, words)
            self._observe(going, called, words, since, kept)
        return came

    async def _answered(
        self, going: Going, called: Called, asked: Asked, others: _Others
    ) -> "tuple[Going | bool, str]":
        """Pass on an answer that is there, or that of the model; return what came of it, and what to say of that."""
        if going.again is not None:
            return await going.relay.give_again(going.again), ""
        await self._answer_to(going, called)
        status = going.relay.status
        if status in ELSEWHERE:
            words = f"the model's server answered with status {status}"
            following = await self._after(going, called, asked, others, words)
            if following is not None:
                called.status = status
                return following, words
        came = await self._pass_on(going)
        self._keep(going)
        return came, ""

    def _keep(self, going: Going) -> None:
        """Keep an answer that was passed on whole, where that may be."""
        kept = going.relay.to_keep() if going.slot is not None else None
        if going.slot is not None and kept is not None and not self.is_over:
            self._gateway.answers.put(going.slot, *kept)

    def _observe(self, going: Going, called: Called, words: str, since: int, kept: Entry | None) -> None:
        """Tell who observes of a call that a model was asked with."""
        if self._gateway.observe is not None and not self._endpoint.free and going.again is None:
            head = self._head.get(b"traceparent")
            conversation = going.admitted.conversation
            self._gateway.observe(
                model_call(going.caller, going.model, self._endpoint, called, began=since, traceparent=head,
                           fault=words, conversation=conversation, kept=kept)
            )  # fmt: skip

    async def _after(self, going: Going, called: Called, asked: Asked, others: _Others, words: str) -> Going | None:
        """Return the call as it goes to the next model: what was set aside for this one is there for it again."""
        await self._count(going, called)
        return await self._next(going.caller, asked, others, f"{going.model.name}: {words}")

    async def _counted(self, going: Going, called: Called) -> str:
        """Count what a call took; return what went wrong with that, so that it is audited whatever happens."""
        try:
            await self._count(going, called)
        except Exception as fault:
            _LOG.exception("what a call took could not be counted")
            return f"what it took could not be counted: {type(fault).__name__}"
        return ""

    async def _count(self, going: Going, called: Called) -> None:
        """Count in budgets what a call took, once."""
        if going.counted or going.reservation is None:
            return
        going.counted = True
        sent = 0 if self._endpoint.free else going.body.tokens
        going.relay.fill(called, estimated_in=sent)
        if going.lost and sent:
            called.tokens_in, called.estimated = called.tokens_in + going.lost * sent, True
        called.cost = await self._gateway.budget.settle(going.reservation, called.spent)

    def _is_elsewhere(self, fault: Exception, going: Going) -> bool:
        """Return whether another model may answer after a fault: its server was not reached, or is left alone."""
        if isinstance(fault, LimitedError):
            return True
        slow = self._watch.ran_out and going.relay.sent
        return isinstance(fault, BROKEN) and not going.relay.status and not slow

"""A call on its way to a model's server: asked again where that may help, and never once something was passed on."""

import asyncio
import random
from dataclasses import dataclass

import httptools

from bailiwick.core.messages import ModelState
from bailiwick.core.policy import Decision
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.calls import UnderWay
from bailiwick.dataplane.gateways.limits import Attempt, Gate, LimitedError, Place, hold_seconds
from bailiwick.dataplane.gateways.model.bodies import Outgoing
from bailiwick.dataplane.gateways.model.budget import Reservation
from bailiwick.dataplane.gateways.model.gateway import ModelGateway
from bailiwick.dataplane.gateways.model.headers import request_head
from bailiwick.dataplane.gateways.model.kept_answers import KeptAnswer, Slot
from bailiwick.dataplane.gateways.model.model import Called, Caller, Endpoint
from bailiwick.dataplane.gateways.model.outflows import Flow
from bailiwick.dataplane.gateways.model.paths import path_at_server
from bailiwick.dataplane.gateways.model.policing import Admitted
from bailiwick.dataplane.gateways.model.prompts import Keeping
from bailiwick.dataplane.gateways.model.relay import Relay
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.services.showing import Shown
from bailiwick.dataplane.gateways.upstreams import Address
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import RequestHead

_HUNG_UP = 499
_TOO_MANY, _UNAVAILABLE, _OVERLOADED = 429, 503, 529
# What a server answers that may answer another time, as its wire's documentation says; 529 is Anthropic's.
_AGAIN = frozenset({_TOO_MANY, 500, 502, _UNAVAILABLE, 504, _OVERLOADED})
# What says that the server is not well. What a call brings about by what it asks for (500) must not close the way for
# others, and whoever is asked too often is well.
FAULTS = frozenset({502, _UNAVAILABLE, 504, _OVERLOADED})
# Where another model may answer.
ELSEWHERE = FAULTS | {_TOO_MANY}
_PAUSE_SECONDS = (0.05, 0.2)
BROKEN = (OSError, EOFError, TimeoutError, ValueError, httptools.HttpParserError)


@dataclass(slots=True)
class Going:
    """All that a call of one model needs. `flow` is what of it leaves, `admitted` what policy made of it, and
    `keeping` how it is kept; `because` says why it is called in another one's place.

    `slot` is where its answer is kept, and `again` the one that is there: no model is asked then, and no budget.
    `lost` are tries that were sent, and of which the server said nothing; `counted` says that budgets know what it
    took.
    """

    caller: Caller
    model: ModelState
    decision: Decision
    gate: Gate
    place: Place
    shown: Shown | None
    body: Outgoing
    flow: Flow
    admitted: Admitted
    keeping: Keeping | None
    reservation: Reservation | None
    relay: Relay
    because: str
    slot: Slot | None = None
    again: KeptAnswer | None = None
    lost: int = 0
    counted: bool = False


class Reaching(UnderWay):
    """A call that goes to the servers of models."""

    def __init__(
        self, gateway: ModelGateway, client: Channel, watch: Watch, head: RequestHead, endpoint: Endpoint
    ) -> None:
        super().__init__(client, watch, head)
        self._gateway = gateway
        self._endpoint = endpoint

    def _relay(
        self, model: ModelState, body: Outgoing, admitted: Admitted, keeping: Keeping | None, slot: Slot | None
    ) -> Relay:
        search = self._gateway.search.of_answer(model.redact, body.seen)
        return Relay(self._client, self._watch, self._head, self._endpoint, model, search, admitted, keeping, slot)

    def _fault(self, fault: Exception, going: Going) -> CallRefusedError:
        """Return what to say of a fault: nothing of what the server said, which may be anything."""
        if self.is_over:
            withdrawn = CallRefusedError(401, "the caller's access was withdrawn while this call ran")
            return withdrawn if self._ended else CallRefusedError(_HUNG_UP, "the caller hung up")
        if isinstance(fault, CallRefusedError):
            return fault
        if isinstance(fault, LimitedError):
            return self._gateway.limited(going.caller, going.model, fault)
        if self._watch.ran_out:
            return CallRefusedError(504, f"the model's server said nothing for {going.model.timeout_seconds:.3g} s")
        words = "broke off its answer, or it is none" if self._upstream else f"is not reached ({type(fault).__name__})"
        return CallRefusedError(502, f"the model's server {words}")

    async def _answer_to(self, going: Going, called: Called) -> None:
        """Ask until there is an answer, its head read, or until asking again would not help."""
        while True:
            attempt = going.gate.attempt()
            try:
                await self._try(going)
            except BaseException as fault:
                self._tell(attempt, fault, going)
                if not self._is_worth_repeating(fault, going, called):
                    raise
                going.lost += going.relay.sent
            else:
                status = going.relay.status
                # Retry-After of an overloaded server means what that of an unavailable one does.
                said = _UNAVAILABLE if status == _OVERLOADED else status
                hold = hold_seconds(said, going.relay.headers, self._gateway.clock())
                if hold:
                    going.gate.hold(hold)
                if status in FAULTS:
                    attempt.failed(f"status {status}")
                else:
                    attempt.answered()
                if status not in _AGAIN or hold or not self._may_repeat(going, called):
                    return
            self._abort_upstream()
            self._upstream = None
            going.relay = self._relay(going.model, going.body, going.admitted, going.keeping, going.slot)
            called.repeats += 1
            self._watch.rest()
            await asyncio.sleep(random.uniform(*_PAUSE_SECONDS) * called.repeats)  # noqa: S311 - spreads calls only

    def _tell(self, attempt: Attempt, fault: BaseException, going: Going) -> None:
        """Tell the breaker of a try that failed, unless it says nothing of the server."""
        if self.is_over or not isinstance(fault, BROKEN):
            attempt.left()
        else:
            attempt.failed(self._fault(fault, going).message)

    def _is_worth_repeating(self, fault: BaseException, going: Going, called: Called) -> bool:
        """Return whether a call that was not answered is made again: what took its time once is not asked twice."""
        slow = self._watch.ran_out or isinstance(fault, TimeoutError)
        broken = isinstance(fault, OSError | EOFError) and not slow
        return broken and not self.is_over and self._may_repeat(going, called)

    @staticmethod
    def _may_repeat(going: Going, called: Called) -> bool:
        return called.repeats < going.gate.limits.repeats.most and going.gate.may_repeat()

    async def _try(self, going: Going) -> None:
        """Ask once, and read the head of the answer."""
        model, relay, gateway = going.model, going.relay, self._gateway
        address = Address.of(model.url)
        content = going.body.content
        head = request_head(
            self._head, address, path_at_server(model, self._endpoint), content, surface=model.surface,
            shown=going.shown, redact=gateway.search.redact,
        )  # fmt: skip
        out = head + content
        known = gateway.upstreams.take_idle(address)
        upstream = known or await gateway.upstreams.connect(address)
        first = await self._ask(upstream, out, relay.sending)
        if not first and known is not None and not self.is_over and not self._watch.ran_out:
            # The server closed an idle connection just as we chose it, with nothing of an answer: it is asked again.
            upstream = await gateway.upstreams.connect(address)
            first = await self._ask(upstream, out, relay.sending)
        await relay.read_head(upstream, first)

    async def _pass_on(self, going: Going) -> bool:
        if self._upstream is None:
            raise EOFError
        keep = await going.relay.answer(self._upstream, going.shown.secrets[0] if going.shown is not None else "")
        if going.relay.reusable:
            self._gateway.upstreams.give_back(Address.of(going.model.url), self._upstream)
            self._upstream = None
        return keep

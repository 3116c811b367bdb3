"""One turn: the model speaks, its tools run, it hears their answers and speaks again, until it is done or must end.

It ends when the model calls no tool any more, when a person stops it or loses their access, and at its limits. Nothing
that a model says is run: it names tools, and each asks the same question of policy as for any other agent.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from bailiwick.control.studio.client import StudioClient
from bailiwick.control.studio.drafts import Draft
from bailiwick.control.studio.errors import TurnEndedError
from bailiwick.control.studio.model import Image, Kind, NewStep, Spent, State, ToolCall, TurnLimits
from bailiwick.control.studio.transcript import instructions_for, transcript
from bailiwick.control.studio.turn_log import TurnLog
from bailiwick.control.studio.wire import Heard, Picture, Request, ToolWords
from bailiwick.control.studio.wires import WIRES
from bailiwick.core.errors import BailiwickError
from bailiwick.core.ids import new_trace_id
from bailiwick.core.messages import ModelState

_PULSE_SECONDS = 0.4
_MOST_OUTPUT_TOKENS = 16_000
_LONGEST_ANSWER = 60_000
_LOG = logging.getLogger("bailiwick.studio")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What a tool answers."""

    text: str
    failed: bool = False


class Toolbox(Protocol):
    """The tools that a model has in a turn."""

    @property
    def words(self) -> Sequence[ToolWords]:
        """The tools as models are told of them."""

    async def run(self, call: ToolCall) -> ToolAnswer:
        """Run one; what is wrong with a call is its answer."""


@dataclass
class Turn:
    """One turn. `model` is asked, of the `models` that may be; `token` opens the model gateway, and
    `require_current` raises once somebody lost access.
    """

    log: TurnLog
    client: StudioClient
    model: ModelState
    models: Mapping[str, ModelState]
    draft: Draft
    toolbox: Toolbox
    token: str = field(repr=False)
    require_current: Callable[[], None]
    limits: TurnLimits = field(default_factory=TurnLimits)
    _live: str = ""
    _calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    _answers: int = 0
    _tokens: int = 0
    _ends: float = 0.0

    async def run(self) -> None:
        """Go through with it, and write down how it ended."""
        self._ends = time.monotonic() + self.limits.seconds
        state, words = State.IDLE, ""
        try:
            await self._go()
        except TurnEndedError as fault:
            state, words = (State.STOPPED if fault.by_person else State.FAILED), _said(fault)
        except BailiwickError as fault:
            state, words = State.FAILED, _said(fault)
        except Exception:
            trace = new_trace_id()
            _LOG.exception("internal fault, trace %s", trace)
            state, words = State.FAILED, f"something went wrong on our side, trace {trace}"
        await asyncio.to_thread(self.log.end, state, words)

    async def _go(self) -> None:
        while True:
            self._require_room()
            heard = await self._ask()
            await self._keep(heard)
            if not heard.calls:
                if heard.cut:
                    raise TurnEndedError(
                        "the model's answer reached the most that one may have", hint="ask it to go on"
                    )
                return
            for call in heard.calls:
                await self._run(call)

    def _require_room(self) -> None:
        limits = self.limits
        if self._answers >= limits.answers:
            raise TurnEndedError(
                f"the model answered {limits.answers} times, the most of one turn", hint="look at it, then let it go on"
            )
        if self._tokens >= limits.tokens:
            raise TurnEndedError(
                f"this turn took {self._tokens:,} tokens, more than one may", hint="look at it, then let it go on"
            )

    async def _ask(self) -> Heard:
        steps = await asyncio.to_thread(self.log.steps)
        wire = WIRES[self.model.surface]
        picture = self._picture if self.model.images else None
        messages = await asyncio.to_thread(transcript, steps, picture)
        asked = self.log.conversation
        request = Request(
            self.model.name,
            instructions_for(asked.app, asked.integrations),
            messages,
            self.toolbox.words,
            min(self.model.most_output_tokens, _MOST_OUTPUT_TOKENS),
        )
        seconds = min(self.model.timeout_seconds * 4, max(1.0, self._ends - time.monotonic()))
        asking = self.client.ask(wire, request, self.token, seconds=seconds, said=self._say)
        self._answers += 1
        return await self._attended(asking, may_cut=True)

    async def _keep(self, heard: Heard) -> None:
        self._tokens += heard.tokens_in + heard.tokens_out
        # The gateway may ask another model in its place.
        answered = self.models.get(heard.route, self.model)
        price = answered.price
        cost = price.of(heard.tokens_in, heard.tokens_out) if price is not None else 0
        spent = Spent(answered.model, heard.tokens_in, heard.tokens_out, cost)
        step = NewStep(Kind.SAID, heard.text, calls=heard.calls, spent=spent)
        await asyncio.to_thread(self.log.add, step, self.draft)
        self._live = ""

    async def _run(self, call: ToolCall) -> None:
        same = (call.name, call.arguments)
        self._calls[same] += 1
        if self._calls[same] > self.limits.same_calls:
            raise TurnEndedError(
                f"the model called {call.name[:60]} with the same words {self._calls[same]} times: it goes in circles",
                hint="say in other words what you want, or choose another model",
            )
        ends = await asyncio.to_thread(self._why_end)
        if ends is not None:
            raise ends
        before = self.draft.tree
        answer = await self._attended(self.toolbox.run(call), may_cut=False)
        tree = self.draft.tree
        text = answer.text if len(answer.text) <= _LONGEST_ANSWER else f"{answer.text[:_LONGEST_ANSWER]}\n[cut here]"
        changed = tree if tree != before else None
        if changed is not None:
            # To look once more at what is another draft now is no circle; to write the same again is.
            self._calls = Counter({same: self._calls[same]})
        step = NewStep(Kind.TOOL, text, call_id=call.id, tool=call.name, failed=answer.failed, tree=changed)
        await asyncio.to_thread(self.log.add, step, self.draft)

    async def _attended(self, work: Coroutine[Any, Any, T], *, may_cut: bool) -> T:
        """Return what comes of work, giving signs of life meanwhile. What may be cut is, once the turn is to end."""
        task = asyncio.ensure_future(work)
        try:
            while True:
                done, _ = await asyncio.wait({task}, timeout=_PULSE_SECONDS)
                if done:
                    return task.result()
                ends = await asyncio.to_thread(self._why_end)
                if ends is not None and may_cut:
                    raise ends
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    def _why_end(self) -> TurnEndedError | None:
        """Return why the turn ends now, or None."""
        words = self.log.pulse(self._live)
        if words:
            return TurnEndedError(words, by_person=True)
        try:
            self.require_current()
        except BailiwickError as fault:
            return TurnEndedError(fault.message)
        if time.monotonic() > self._ends:
            return TurnEndedError(
                f"the turn took longer than {self.limits.seconds:,.0f} s", hint="look at it, then let it go on"
            )
        return None

    def _say(self, text: str) -> None:
        self._live = text

    def _picture(self, image: Image) -> Picture:
        content = self.log.studio.content(self.log.conversation.id, image.digest)
        return Picture(image.media_type, content)


def _said(fault: BailiwickError) -> str:
    return f"{fault.message}; {fault.hint}" if fault.hint else fault.message

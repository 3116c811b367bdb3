"""Questions of people and agents that the control plane passes on: whoever asks is decided about here, too.

The control plane signed the question, and with it came a pass of whoever asks. A plane that does not find the one good,
or whose policy says no, tells neither lines nor rows.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, replace

from bailiwick.core.branches import instance_name
from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError, ForbiddenError, NotAuthenticatedError, NotFoundError, UnavailableError
from bailiwick.core.events import AuditEvent
from bailiwick.core.messages import (
    AnyAnswer,
    AppState,
    AskOrder,
    DesiredState,
    LogAnswer,
    LogLine,
    LogWanted,
    PlaneAnswer,
    refused,
)
from bailiwick.core.passes import read_pass
from bailiwick.core.policy import ContextValue, Decision, PoliciesInForce, Resource
from bailiwick.core.principals import Identity
from bailiwick.dataplane.agent.output import Outputs
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.grant_drafts import SignIn
from bailiwick.dataplane.questions.sampling import Sampler

_LOG = logging.getLogger("bailiwick.plane.questions")
# Those that wait for lines count, too: the rest hears at once that others ask.
_MOST_AT_ONCE = 32
_LONGEST_LINE = 8000


class Questions:
    """Answers what a plane is asked. `answer` sends an answer, `redacted` takes secrets and personal data out of texts,
    and `may_query` decides as it does for calls of apps.
    """

    def __init__(
        self,
        *,
        plane: str,
        outputs: Outputs,
        redacted: Callable[[Sequence[str]], Awaitable[Sequence[str]]],
        sign_in: SignIn,
        may_query: Callable[[Identity, Binding], Decision],
        engine: PoliciesInForce,
        pass_key: Callable[[], str],
        desired: Callable[[], DesiredState | None],
        answer: Callable[[PlaneAnswer], Awaitable[None]],
        emit: Callable[[AuditEvent], None],
        clock: Clock,
    ) -> None:
        self._plane = plane
        self._outputs = outputs
        self._redacted = redacted
        self._sampler = Sampler(plane, sign_in, may_query, redacted, emit, clock)
        self._engine = engine
        self._pass_key = pass_key
        self._desired = desired
        self._answer = answer
        self._clock = clock
        self._under_way: set[asyncio.Task[None]] = set()

    def take(self, order: AskOrder) -> None:
        """Answer a question beside everything else; one to another plane is not heard."""
        if order.plane != self._plane:
            return
        task = asyncio.create_task(self._take(order, busy=len(self._under_way) >= _MOST_AT_ONCE))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _take(self, order: AskOrder, *, busy: bool) -> None:
        try:
            if busy:
                raise UnavailableError("this plane answers many questions just now", hint="try again in a moment")
            found = await self.answer_to(order)
        except BailiwickError as fault:
            found = refused(fault)
        except Exception as fault:
            _LOG.exception("a question was not answered")
            found = refused(UnavailableError(f"the plane could not answer ({type(fault).__name__})"))
        await self._answer(PlaneAnswer(id=order.id, answer=found))

    async def answer_to(self, order: AskOrder) -> AnyAnswer:
        """Return what a question is answered; raise an error for whoever may not know, and for what there is not."""
        wanted = order.wanted
        asker = self._asker(order)
        if isinstance(wanted, LogWanted):
            state = self._state(wanted.app, wanted.mode, wanted.branch)
            self._require(asker, "app.read-log", state)
            return await self._log(wanted)
        state = self._state(wanted.app, "preview", "")
        self._require(asker, "app.sample-rows", state)
        if state.status == "killed":
            because = f"{state.app} was stopped: {state.killed_because}".rstrip(": ")
            raise ForbiddenError(because, deciders=("kill-switch",), hint="a person must bring it back")
        return await self._sampler.sample(asker, state, wanted)

    def _asker(self, order: AskOrder) -> Identity:
        """Return whose pass came with a question; it is for this app and this kind of question only."""
        found = read_pass(
            order.token, self._pass_key(), app=order.wanted.app, mode=order.wanted.kind, now=self._clock()
        ).identity
        desired = self._desired()
        if desired is None or found.is_revoked(desired.epochs):
            raise NotAuthenticatedError("this credential was revoked")
        return replace(found, address=order.address)

    def _state(self, app: str, mode: str, branch: str) -> AppState:
        desired = self._desired()
        releases = desired.releases if desired is not None else ()
        found = next((item for item in releases if (item.app, item.mode, item.branch) == (app, mode, branch)), None)
        if found is None:
            where = f"a preview of '{branch}' of {app}" if branch else f"{app} in {mode}"
            raise NotFoundError(f"there is no {where} at this plane", hint="push a change, or ask for a deploy")
        return found

    def _require(self, asker: Identity, action: str, state: AppState) -> None:
        resource = Resource("App", f"app:{state.app}", state.roles)
        context: Mapping[str, ContextValue] = {"mode": state.mode, "plane": self._plane}
        self._engine.decide(asker, action, resource, context).require()

    async def _log(self, wanted: LogWanted) -> LogAnswer:
        key = (instance_name(wanted.app, wanted.branch), wanted.mode)
        found = self._outputs.of(key).fitting(wanted)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wanted.wait_seconds):
                while not found and wanted.wait_seconds:
                    await self._outputs.of(key).written.wait()
                    found = self._outputs.of(key).fitting(wanted)
        more, shown = len(found) > wanted.last, found[-wanted.last :]
        texts = await self._redacted([line.text for line in shown])
        # A redacted text may be longer than what it stands for; there is an end to it all the same.
        lines = (
            LogLine(**{**asdict(line), "text": text[:_LONGEST_LINE]}) for line, text in zip(shown, texts, strict=True)
        )
        return LogAnswer(lines=tuple(lines), more=more)

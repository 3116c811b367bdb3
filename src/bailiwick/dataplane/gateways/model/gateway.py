"""The model gateway's mind: who may call which model, with what it costs set aside, and what is said of it after."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bailiwick.core.clock import Clock
from bailiwick.core.events import AuditEvent, ContextFact, Outcome
from bailiwick.core.messages import MILLIONTHS, Judge, ModelState, Surface
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.dataplane.gateways.limits import Gate, Gates, LimitedError
from bailiwick.dataplane.gateways.model.budget import Budget
from bailiwick.dataplane.gateways.model.kept_answers import KeptAnswers
from bailiwick.dataplane.gateways.model.model import Called, Caller, ModelPlace
from bailiwick.dataplane.gateways.model.outflows import Outflows
from bailiwick.dataplane.gateways.model.policing import Admitted, Noticed, PromptPolicy, ToolRefusedError
from bailiwick.dataplane.gateways.model.prompts import Prompts
from bailiwick.dataplane.gateways.model.search import PromptSearch
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.services.showing import Shown
from bailiwick.dataplane.gateways.upstreams import Upstreams
from bailiwick.dataplane.guard import Guard
from bailiwick.dataplane.otel import ModelCall

_FAILED = 400
# What refusals are told about where the caller named no model that is here: its words may be anything.
_UNKNOWN = "unknown"
_LONGEST_NAME = 300
_PATHS: Mapping[Surface, str] = {
    "openai": "/v1/chat/completions or /v1/responses",
    "anthropic": "/v1/messages",
    "vertex": "/v1/projects/PROJECT/locations/LOCATION/publishers/anthropic/models/NAME:rawPredict",
    "bedrock": "/model/NAME/invoke",
}


class Endable(Protocol):
    """A call that is under way."""

    @property
    def identity(self) -> Identity | None:
        """Whose it is, once that is known."""

    @property
    def model(self) -> ModelState | None:
        """The model that it is of, once that is known."""

    def end(self) -> None:
        """End it now, at the model's server too."""


@dataclass
class ModelGateway:
    """Shared by all doors of a plane.

    `models` returns the models that this plane has, by name; `decide` asks policy; `credential` fetches the key of a
    model's server, and `refused_credential` is told that the server did not take it; `search` looks through
    what is sent, `outflows` counts that and knows what is switched off, `prompts` asks policy about it and `judge` a
    model; `kept` keeps calls where they are kept; `emit` takes audit events and must not wait; `guard` is told what is
    used. `observe` is told of each call that is over, where somebody observes; it must not wait. `answers` are those
    that may be given again.
    """

    models: Callable[[], Mapping[str, ModelState]]
    decide: Callable[[Caller, ModelState], Decision]
    credential: Callable[[ModelState], Awaitable[Shown | None]]
    refused_credential: Callable[[ModelState], None]
    search: PromptSearch
    prompts: PromptPolicy
    budget: Budget
    outflows: Outflows
    kept: Prompts
    upstreams: Upstreams
    emit: Callable[[AuditEvent], None]
    clock: Clock
    plane: str
    gates: Gates[ModelPlace] = field(default_factory=Gates.untold)
    judge: Callable[[], Judge | None] = lambda: None
    guard: Guard = field(default_factory=Guard.of_nothing)
    observe: Callable[[ModelCall], None] | None = None
    answers: KeptAnswers = field(default_factory=lambda: KeptAnswers(lambda: None))
    under_way: set[Endable] = field(default_factory=set)

    def end_revoked(self, epochs: Mapping[str, int]) -> None:
        """End the calls of everybody whose credentials ended; what was answered before is given to nobody again."""
        self.answers.clear()
        for call in list(self.under_way):
            if call.identity is not None and call.identity.is_revoked(epochs):
                call.end()

    def end_using(self, name: str) -> None:
        """End the calls of a model, likewise."""
        self.answers.clear()
        for call in list(self.under_way):
            if call.model is not None and call.model.name == name:
                call.end()

    def find(self, caller: Caller, name: str, surface: Surface) -> ModelState:
        """Return the model that a caller means; raise `CallRefusedError` when there is none of that wire.

        A name is that in the app's manifest, the model's own here, or what its server calls it, where that is one only.
        """
        models = self.models()
        if not models:
            raise CallRefusedError(
                404, "no model is configured here", hint="whoever runs the platform names them under inference.models"
            )
        found = models.get(caller.declared.get(name, name))
        if found is None:
            called = [item for item in models.values() if item.model == name and item.surface == surface]
            found = called[0] if len(called) == 1 else None
        if found is None:
            raise CallRefusedError(404, "no model of that name is here", hint="/v1/models lists those that you may use")
        if found.surface != surface:
            hint = f"call it at {_PATHS[found.surface]}"
            raise CallRefusedError(404, f"{found.name} does not speak this wire", hint=hint)
        return found

    def require(self, caller: Caller, model: ModelState) -> Decision:
        """Return policy's yes; raise `CallRefusedError` for anything else."""
        decision = self.decide(caller, model)
        if not decision.allowed:
            # One that the app does not declare is open to nobody in it.
            others_may = model.name in caller.declared.values() and not caller.identity.is_app
            raise CallRefusedError(403, decision.reason, deciders=decision.deciders, of_person=others_may)
        if model.stopped:
            words = f"{model.name} is stopped: {model.stopped}"
            raise CallRefusedError(503, words, hint="a person must lift the stop", deciders=("kill-switch",))
        return decision

    def others(self, caller: Caller, model: ModelState) -> Iterator[tuple[ModelState, Decision]]:
        """Yield the models that may answer a caller in a model's place, each with policy's own yes, in their order."""
        for name in model.fallback:
            # One call may last longer than what there was at its beginning.
            other = self.models().get(name)
            if other is not None and other.surface == model.surface and not other.stopped:
                decision = self.decide(caller, other)
                if decision.allowed:
                    yield other, decision

    def gate(self, caller: Caller, model: ModelState) -> Gate:
        """Return what holds calls of a model back."""
        return self.gates.of(self._place(caller, model))

    def limited(self, caller: Caller, model: ModelState, fault: LimitedError) -> CallRefusedError:
        """Count a call that a gate holds back; return what to answer."""
        self.gates.note_refused(self._place(caller, model), fault)
        return CallRefusedError(
            fault.status,
            fault.message,
            hint=fault.hint,
            deciders=fault.deciders,
            retry_seconds=fault.retry_seconds,
            of_person=fault.of_person,
        )

    def allowed(self, caller: Caller) -> list[ModelState]:
        """Return the models that a caller may use, by name."""
        return [
            model
            for _, model in sorted(self.models().items())
            if not model.stopped and self.decide(caller, model).allowed
        ]

    def note_called(self, caller: Caller, model: ModelState, called: Called, decision: Decision, fault: str) -> None:
        """Audit a call that was passed on, by sizes: never with a word of it."""
        self.guard.observe_model(caller.app, called.tokens_in, called.tokens_out)
        failed = bool(fault) or called.status >= _FAILED
        behind: dict[str, ContextFact] = {"asked": called.asked, "because": called.because} if called.asked else {}
        reason = fault or (f"the model's server answered with status {called.status}" if failed else "")
        outcome = Outcome.FAILED if failed else Outcome.SUCCESS
        self._note(caller, model.name, "model.called", outcome, reason, decision.deciders, {
            "model": model.model,
            "endpoint": called.endpoint,
            "status": called.status,
            "tokens_in": called.tokens_in,
            "tokens_out": called.tokens_out,
            "tokens_cached": called.tokens_cached,
            "tokens_estimated": called.estimated,
            **({"cost": called.cost / MILLIONTHS} if model.price is not None else {}),
            "repeats": called.repeats,
            **behind,
            "bytes_out": called.bytes_out,
            "bytes_in": called.bytes_in,
            "redacted": sum(called.redacted.values()),
            **{f"redacted.{kind}": count for kind, count in sorted(called.redacted.items())},
            **called.about,
            "masked": sum(called.masked.values()),
            **{f"masked.{kind}": count for kind, count in sorted(called.masked.items())},
            "streamed": called.streamed,
            **({"given_again": True, "age_seconds": called.age_seconds} if called.age_seconds is not None else {}),
            "milliseconds": called.milliseconds,
        })  # fmt: skip

    def note_refused(self, caller: Caller, model: ModelState | None, endpoint: str, fault: CallRefusedError) -> None:
        """Audit a call that was not passed on; what limits hold back is told once in a while, not each."""
        if fault.retry_seconds:
            if fault.of_person:
                self.guard.observe_person_refused(caller.trace)
            return
        self.guard.observe_refusal(caller.app, of_person=fault.of_person, trace=caller.trace)
        context: dict[str, ContextFact] = {"endpoint": endpoint, "status": fault.status}
        name = model.name if model is not None else _UNKNOWN
        self._note(caller, name, "model.refused", Outcome.REFUSED, fault.message, fault.deciders, context)

    def admit(self, caller: Caller, model: ModelState, noticed: Noticed, classes: frozenset[str]) -> Admitted:
        """Return what of a prompt may go to a model; raise `CallRefusedError` for one that policy refuses. Signs of
        injection are audited, once for each conversation.
        """
        admitted = self.prompts.admit(caller, model, noticed, classes)
        if self.prompts.is_news(admitted):
            self.prompts.told(admitted)
            words = "what tools brought to the conversation has signs of injection"
            self._note(caller, model.name, "prompt.flagged", Outcome.SUCCESS, words, (), admitted.facts)
        return admitted

    def note_tool_refused(self, caller: Caller, model: ModelState, admitted: Admitted, fault: ToolRefusedError) -> None:
        """Audit that a model asked for a tool that it may not use."""
        facts = {"tool": fault.tool[:_LONGEST_NAME], "conversation": admitted.conversation}
        self._note(
            caller, model.name, "tool.refused", Outcome.REFUSED, fault.message, tuple(fault.deciders), facts
        )  # fmt: skip

    def _note(
        self,
        caller: Caller,
        name: str,
        action: str,
        outcome: Outcome,
        reason: str,
        deciders: tuple[str, ...],
        context: Mapping[str, ContextFact],
    ) -> None:
        place = ModelPlace(name, caller, self.plane)
        self.emit(
            place.event(
                self.clock(), caller.identity, caller.trace, action=action, outcome=outcome, reason=reason,
                deciders=deciders, context=context,
            )
        )  # fmt: skip

    def _place(self, caller: Caller, model: ModelState) -> ModelPlace:
        return ModelPlace(model.name, caller, self.plane)

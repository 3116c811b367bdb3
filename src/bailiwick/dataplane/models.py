"""A plane's model gateway, put together: with the desired state, policy, credentials, budgets and the spool."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bailiwick.core.clock import Clock
from bailiwick.core.events import AuditEvent, Outcome
from bailiwick.core.manifest import Manifest
from bailiwick.core.masking import Masker
from bailiwick.core.messages import (
    MODEL_LIMITS,
    MOST_LINES,
    AppState,
    DesiredState,
    Environment,
    IntegrationLimits,
    LimitsReport,
    ModelBudget,
    ModelState,
    ModelUseReport,
    OutflowReport,
    OutflowSwitch,
    PromptRules,
    SpansReport,
)
from bailiwick.core.passes import SIGN_IN_PATH
from bailiwick.core.policy import ContextValue, Decision, PoliciesInForce, Resource, scope_chain
from bailiwick.core.principals import Call, Identity
from bailiwick.core.prompt_logs import PROMPT_KEY
from bailiwick.core.redaction import LogMasker, Profile
from bailiwick.core.telemetry import Gate, own_register
from bailiwick.dataplane.agent.link import Link
from bailiwick.dataplane.credentials import Credentials
from bailiwick.dataplane.gateways.decisions import KnownDecisions
from bailiwick.dataplane.gateways.limits import Gates, SharedCounter
from bailiwick.dataplane.gateways.model import (
    Budget,
    Charge,
    KeptAnswers,
    LogDoor,
    ModelCredentials,
    ModelGateway,
    ModelListener,
    ModelPlace,
    Outflows,
    PlantedDoor,
    PromptLog,
    PromptPolicy,
    Prompts,
    PromptSearch,
    SharedCounts,
    Step,
    TokenDoor,
    Upstreams,
    Use,
)
from bailiwick.dataplane.guard import Guard
from bailiwick.dataplane.otel import Collector, OtlpCollector
from bailiwick.dataplane.prompts import KeptOwn, PromptQuestions, own_key

_TELL_SECONDS = 5.0
_OF_CLASSES, _OF_PRODUCTION = "models-get-only-data-of-their-classes", "models-get-production-data-where-named"


class PlaneModels:
    """The models of a plane.

    `desired` returns what it should be now, `secrets` the other values that it holds; `report` takes what is told
    beside the audit log, and `shared_url` is that of the server at which planes count together, where there is one.
    `otlp` is a collector of telemetry that is told of calls.
    """

    def __init__(
        self,
        *,
        plane: str,
        state: Path,
        link: Link,
        engine: PoliciesInForce,
        desired: Callable[[], DesiredState | None],
        secrets: Callable[[], Iterable[str]],
        resolve: Callable[[str], Call | None],
        emit: Callable[[AuditEvent], None],
        report: Callable[[LimitsReport | ModelUseReport | OutflowReport], None],
        clock: Clock,
        guard: Guard | None = None,
        shared_url: str = "",
        otlp: OtlpCollector | None = None,
    ) -> None:
        self._plane = plane
        self._emit = emit
        self._link = link
        self._engine = engine
        self._desired = desired
        self._secrets = secrets
        self._resolve = resolve
        self._clock = clock
        self._report = report
        self._told = time.monotonic()
        self._gate: tuple[tuple[str, ...], Gate] | None = None
        self._outflows = Outflows(self._switches, clock)
        self._keys = Credentials(link.model_key)
        self._prompt_keys = Credentials(link.secret)
        upstreams = Upstreams()
        self._credentials = ModelCredentials(self._keys, upstreams, clock)
        self._search = PromptSearch(self.known_secrets, KeptOwn(lambda: self._rules.own))
        self._listener: ModelListener | None = None
        self._kept = Prompts(
            PromptLog(state / "prompts", plane, clock), lambda: self._prompt_keys.get(PROMPT_KEY), self._search, clock
        )
        self.log_door = LogDoor(self._kept, self._pass_key, self._epochs, emit, clock, plane, self._console)
        known = KnownDecisions(self._ask, desired)
        self._collector = Collector(otlp, plane, self._otel, emit, clock) if otlp is not None else None
        self.gateway = ModelGateway(
            models=self._models,
            decide=lambda caller, model: known.authorize(caller.identity, caller.use_of(model.name)),
            credential=self._credentials.of,
            refused_credential=self._credentials.refused,
            search=self._search,
            prompts=self._policy(state),
            judge=lambda: self._rules.judge,
            budget=Budget(
                state / "models.sqlite",
                clock,
                budgets=self._budgets,
                warn=self._note_nearly_used,
                stop=self._note_stopped,
                shared=(lambda tenant: SharedCounts(shared_url, tenant)) if shared_url else None,
            ),
            outflows=self._outflows,
            kept=self._kept,
            upstreams=upstreams,
            emit=emit,
            clock=clock,
            plane=plane,
            gates=Gates(
                limits=self._limits,
                state=desired,
                emit=emit,
                report=report,
                clock=clock,
                shared=(lambda tenant: SharedCounter(shared_url, tenant)) if shared_url else None,
            ),
            guard=guard or Guard.of_nothing(),
            observe=self._collector.observe if self._collector is not None else None,
            answers=KeptAnswers(desired),
        )

    async def start(self, host: str, port: int) -> None:
        """Open the door for tokens."""
        self._listener = ModelListener(self.gateway, self._token_door(), self.log_door)
        await self._listener.start(socket.create_server((host, port), backlog=256))

    def forward(self, report: SpansReport) -> None:
        """Tell the collector of spans of apps, where there is one."""
        if self._collector is not None:
            self._collector.take(report)

    async def close(self) -> None:
        """Close the door for tokens, and what is kept; tell what was not told yet."""
        self.roll_up(0.0)
        if self._listener is not None:
            self._listener.close()
        self.gateway.upstreams.close()
        await self.gateway.gates.close()
        await self.gateway.budget.close()
        await self._kept.close()
        if self._collector is not None:
            await asyncio.to_thread(self._collector.close)

    def listener_of(self, state: AppState, manifest: Manifest, step: Step | None = None) -> ModelListener:
        """Return what serves an app's own socket; `step` counts calls where there is a limit to them."""
        declared = {name: use.use for name, use in manifest.models.items()}
        if declared:
            # The app starts meanwhile: its first call is not to wait for it, as whoever asks may not have that long.
            self._search.begin()
        whose, classes = (state.app, state.release, state.tenant), frozenset(manifest.app.data_classes)
        door = PlantedDoor(*whose, declared, environment_of(state), self._resolve, step, classes)
        return ModelListener(self.gateway, door)

    def roll_up(self, every_seconds: float = _TELL_SECONDS) -> None:
        """Report what left for models, what went through their gates, and what was used of budgets.

        That is done when so many seconds have passed since the last time.
        """
        self.gateway.gates.roll_up()
        seconds = time.monotonic() - self._told
        if seconds < every_seconds:
            return
        self._told += seconds
        self._kept.expire(self._models())
        lines = self._outflows.take()
        for first in range(0, len(lines), MOST_LINES):
            self._report(OutflowReport(lines=tuple(lines[first : first + MOST_LINES])))
        for report in self.gateway.budget.report():
            self._report(report)

    def _switches(self) -> Sequence[OutflowSwitch]:
        desired = self._desired()
        return desired.outflow_switches if desired else ()

    def _ask(self, identity: Identity, use: Use) -> Decision:
        model, desired = self._models()[use.model], self._desired()
        brought = _classes_of(desired, use) if desired is not None else frozenset()
        allowed = _allowed(model, use, brought)
        region = desired.region if desired is not None else ""
        context: dict[str, ContextValue] = {
            "app": use.app,
            "declared": model.name in use.declared,
            "scopes": frozenset(scope_chain(f"app:{use.app}")) if use.app else frozenset(),
            "open_to": model.open_to,
            "runs_in": use.environment or "",
            "environments": model.environments,
            "region": region,
            "regions": model.regions,
            "data_classes": brought,
            "allowed_classes": allowed,
        }
        resource = Resource("Model", f"model:{model.name}", model.roles)
        decision = self._engine.decide(identity, "model.call", resource, context)
        return decision if decision.allowed else replace(decision, reason=_named(decision, model, brought - allowed))

    def _policy(self, state: Path) -> PromptPolicy:
        topics = KeptOwn(lambda: self._rules.topics)
        asking = PromptQuestions(self._engine, self._desired)
        return PromptPolicy(own_key(state / "conversations.key"), topics, asking.prompt, asking.tool)

    def _token_door(self) -> TokenDoor:
        return TokenDoor(
            ask=self._link.model_pass,
            key=self._pass_key,
            epochs=self._epochs,
            state=self._desired,
            clock=self._clock,
        )

    def _pass_key(self) -> str:
        return self._link.welcome.pass_key if self._link.welcome else ""

    def _otel(self) -> Gate:
        """Return which fields a collector is told now; none before the control plane said so."""
        desired = self._desired()
        on = desired.otel if desired is not None else ()
        if self._gate is None or self._gate[0] != on:
            self._gate = (on, Gate(frozenset(on), frozenset(own_register().fields)))
        return self._gate[1]

    def _console(self) -> str:
        """Return where the console is: people sign in to apps below it."""
        desired = self._desired()
        return desired.sign_in_url.removesuffix(SIGN_IN_PATH) if desired is not None else ""

    def _models(self) -> Mapping[str, ModelState]:
        desired = self._desired()
        return {model.name: model for model in desired.models} if desired else {}

    def _limits(self, place: ModelPlace) -> IntegrationLimits:
        found = self._models().get(place.name)
        return found.limits if found is not None else MODEL_LIMITS

    def _budgets(self) -> tuple[ModelBudget, ...]:
        desired = self._desired()
        return desired.model_budgets if desired else ()

    def _note_nearly_used(self, charge: Charge, tenant: str) -> None:
        """Audit that a budget is nearly used, or wholly, so that its owner hears of it."""
        words = f"{charge.words_of(charge.warn_at)} of {charge.words_of(charge.limit)} are used"
        self._note_budget("model.budget-warned", words, charge, tenant)

    def _note_stopped(self, charge: Charge, tenant: str) -> None:
        """Audit that a budget does not hold a call, likewise."""
        words = f"of {charge.words_of(charge.limit)} too little is left for a call that may take "
        self._note_budget("model.budget-stopped", words + charge.words_of(charge.amount), charge, tenant)

    def _note_budget(self, action: str, reason: str, charge: Charge, tenant: str) -> None:
        counted = charge.counted
        kind, _, name = counted.of.partition(":")
        self._emit(
            AuditEvent(
                time=self._clock(),
                tenant=tenant,
                actor=f"plane:{self._plane}",
                action=action,
                resource=counted.of,
                outcome=Outcome.SUCCESS,
                reason=reason,
                app=name if kind == "app" else "",
                plane=self._plane,
                context={"budget": counted.budget, "period": counted.period, "unit": counted.unit},
            )
        )

    @property
    def _rules(self) -> PromptRules:
        desired = self._desired()
        return desired.prompts if desired else PromptRules()

    def _epochs(self) -> Mapping[str, int]:
        desired = self._desired()
        return desired.epochs if desired else {}

    def known_secrets(self) -> frozenset[str]:
        """Return the values that must leave to nobody: what the plane signs in with, to databases and to models."""
        return frozenset((*self._secrets(), *self._keys.values, *self._prompt_keys.values, *self._credentials.tokens))

    async def redacted(self, texts: Sequence[str], profile: Profile = "all") -> Sequence[str]:
        """Return texts without secrets, and without personal data where nothing else is said."""
        await self._search.ready()
        found = await asyncio.to_thread(self._search.of(profile), list(texts))
        return found.strings

    @property
    def key_masker(self) -> Masker:
        """What masks the keys of models; it is made anew only when one is fetched."""
        return self._keys.masker

    @property
    def masker(self) -> LogMasker:
        """What masks all of them in text, and the organisation's own values."""
        return LogMasker(self._search.masker, self._search.own)


def environment_of(state: AppState) -> Environment:
    """Return the environment that an app runs in."""
    return "production" if state.mode == "production" else "editor"


def _classes_of(desired: DesiredState, use: Use) -> frozenset[str]:
    """Return the classes of data that an app gets by its integrations, in all that runs of it in its environment."""
    return frozenset(
        name
        for app in desired.releases
        if app.app == use.app and environment_of(app) == use.environment
        for item in app.integrations
        for name in item.classes
    )


def _allowed(model: ModelState, use: Use, brought: frozenset[str]) -> frozenset[str]:
    """Return the classes of data that may go to a model. Where nothing is said, that is any but those of production."""
    if model.data_classes is not None:
        return model.data_classes
    return frozenset() if use.environment == "production" else brought


def _named(decision: Decision, model: ModelState, refused: frozenset[str]) -> str:
    """Return why a model may not be called, with its name and the classes of data that may not go there."""
    if _OF_PRODUCTION in decision.deciders:
        return f"{model.name} gets no data of production: its settings do not name that environment"
    if _OF_CLASSES in decision.deciders:
        return f"{model.name} may get no {', '.join(sorted(refused))} data, which this app has by its integrations"
    return decision.reason

"""A plane's model gateway, put together: with the desired state, policy, credentials, budgets and the spool."""

import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from bailiwick.core.clock import Clock
from bailiwick.core.events import AuditEvent
from bailiwick.core.manifest import Manifest
from bailiwick.core.masking import Masker
from bailiwick.core.messages import MOST_LINES, AppState, DesiredState, ModelState, OutflowReport, OutflowSwitch
from bailiwick.core.policy import ContextValue, Decision, PoliciesInForce, Resource, scope_chain
from bailiwick.core.principals import Call, Identity
from bailiwick.core.prompt_logs import PROMPT_KEY
from bailiwick.dataplane.agent.link import Link
from bailiwick.dataplane.credentials import Credentials
from bailiwick.dataplane.gateways.decisions import KnownDecisions
from bailiwick.dataplane.gateways.model import (
    Budget,
    LogDoor,
    ModelGateway,
    ModelListener,
    Outflows,
    PlantedDoor,
    PromptLog,
    Prompts,
    PromptSearch,
    Step,
    TokenDoor,
    Upstreams,
    Use,
)
from bailiwick.dataplane.guard import Guard

_TELL_SECONDS = 5.0


class PlaneModels:
    """The models of a plane. `desired` returns what it should be now, `secrets` the other values that it holds;
    `report` takes what is told of calls beside the audit log.
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
        report: Callable[[OutflowReport], None],
        clock: Clock,
        guard: Guard | None = None,
    ) -> None:
        self._link = link
        self._engine = engine
        self._desired = desired
        self._secrets = secrets
        self._resolve = resolve
        self._clock = clock
        self._report = report
        self._told = time.monotonic()
        self._outflows = Outflows(self._switches, clock)
        self._keys = Credentials(link.model_key)
        self._prompt_keys = Credentials(link.secret)
        self._search = PromptSearch(self.known_secrets)
        self._listener: ModelListener | None = None
        self._prompts = Prompts(
            PromptLog(state / "prompts", plane, clock), lambda: self._prompt_keys.get(PROMPT_KEY), self._search, clock
        )
        self.log_door = LogDoor(self._prompts, self._pass_key, self._epochs, emit, clock, plane)
        known = KnownDecisions(self._ask, desired)
        self.gateway = ModelGateway(
            models=self._models,
            decide=lambda caller, model: known.authorize(caller.identity, caller.use_of(model.name)),
            credential=self._credential,
            refused_credential=self._forget_credential,
            search=self._search,
            budget=Budget(state / "models.sqlite", clock),
            outflows=self._outflows,
            prompts=self._prompts,
            upstreams=Upstreams(),
            emit=emit,
            clock=clock,
            plane=plane,
            guard=guard or Guard.of_nothing(),
        )

    async def start(self, host: str, port: int) -> None:
        """Open the door for tokens."""
        self._listener = ModelListener(self.gateway, self._token_door(), self.log_door)
        await self._listener.start(socket.create_server((host, port), backlog=256))

    def close(self) -> None:
        """Close the door for tokens, and what is kept; tell what was not told yet."""
        self.roll_up(0.0)
        if self._listener is not None:
            self._listener.close()
        self.gateway.upstreams.close()
        self.gateway.budget.close()
        self._prompts.log.close()

    def listener_of(self, state: AppState, manifest: Manifest, step: Step | None = None) -> ModelListener:
        """Return what serves an app's own socket; `step` counts calls where there is a limit to them."""
        declared = {name: use.use for name, use in manifest.models.items()}
        whose = (state.app, state.release, state.tenant)
        return ModelListener(self.gateway, PlantedDoor(*whose, declared, self._resolve, step))

    def roll_up(self, every_seconds: float = _TELL_SECONDS) -> None:
        """Report what left for models, when so many seconds have passed since the last time."""
        seconds = time.monotonic() - self._told
        if seconds < every_seconds:
            return
        self._told += seconds
        self._prompts.expire(self._models())
        lines = self._outflows.take()
        for first in range(0, len(lines), MOST_LINES):
            self._report(OutflowReport(lines=tuple(lines[first : first + MOST_LINES])))

    def _switches(self) -> Sequence[OutflowSwitch]:
        desired = self._desired()
        return desired.outflow_switches if desired else ()

    def _ask(self, identity: Identity, use: Use) -> Decision:
        model = self._models()[use.model]
        context: dict[str, ContextValue] = {
            "app": use.app,
            "declared": model.name in use.declared,
            "scopes": frozenset(scope_chain(f"app:{use.app}")) if use.app else frozenset(),
            "open_to": model.open_to,
        }
        resource = Resource("Model", f"model:{model.name}", model.roles)
        return self._engine.decide(identity, "model.call", resource, context)

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

    def _models(self) -> Mapping[str, ModelState]:
        desired = self._desired()
        return {model.name: model for model in desired.models} if desired else {}

    def _epochs(self) -> Mapping[str, int]:
        desired = self._desired()
        return desired.epochs if desired else {}

    async def _credential(self, model: ModelState) -> str:
        return await self._keys.get(model.name)

    def _forget_credential(self, model: ModelState) -> None:
        self._keys.forget(model.name)

    def known_secrets(self) -> frozenset[str]:
        """Return the values that must leave to nobody: what the plane signs in with, to databases and to models."""
        return frozenset((*self._secrets(), *self._keys.values, *self._prompt_keys.values))

    @property
    def key_masker(self) -> Masker:
        """What masks the keys of models; it is made anew only when one is fetched."""
        return self._keys.masker

    @property
    def masker(self) -> Masker:
        """What masks all of them in text."""
        return self._search.masker

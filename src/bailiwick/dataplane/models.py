"""A plane's model gateway, put together: with the desired state, policy, credentials, budgets and the spool."""

import socket
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from bailiwick.core.clock import Clock
from bailiwick.core.events import AuditEvent
from bailiwick.core.manifest import Manifest
from bailiwick.core.masking import Masker
from bailiwick.core.messages import AppState, DesiredState, ModelState, PromptRules
from bailiwick.core.policy import ContextValue, Decision, PoliciesInForce, Resource, scope_chain
from bailiwick.core.principals import Call, Identity
from bailiwick.core.redaction import LogMasker
from bailiwick.dataplane.agent.link import Link
from bailiwick.dataplane.credentials import Credentials
from bailiwick.dataplane.gateways.decisions import KnownDecisions
from bailiwick.dataplane.gateways.model import (
    Budget,
    ModelGateway,
    ModelListener,
    PlantedDoor,
    PromptPolicy,
    PromptSearch,
    Step,
    TokenDoor,
    Upstreams,
    Use,
)
from bailiwick.dataplane.guard import Guard
from bailiwick.dataplane.prompts import KeptOwn, PromptQuestions, own_key

# A credential is read anew after so long, and at once when a server did not take it.


class PlaneModels:
    """The models of a plane. `desired` returns what it should be now, `secrets` the other values that it holds."""

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
        clock: Clock,
        guard: Guard | None = None,
    ) -> None:
        self._link = link
        self._engine = engine
        self._desired = desired
        self._secrets = secrets
        self._resolve = resolve
        self._clock = clock
        self._keys = Credentials(link.model_key)
        self._search = PromptSearch(self.known_secrets, KeptOwn(lambda: self._prompts.own))
        self._listener: ModelListener | None = None
        known = KnownDecisions(self._ask, desired)
        self.gateway = ModelGateway(
            models=self._models,
            decide=lambda caller, model: known.authorize(caller.identity, caller.use_of(model.name)),
            credential=self._credential,
            refused_credential=self._forget_credential,
            search=self._search,
            prompts=self._policy(state),
            judge=lambda: self._prompts.judge,
            budget=Budget(state / "models.sqlite", clock),
            upstreams=Upstreams(),
            emit=emit,
            clock=clock,
            plane=plane,
            guard=guard or Guard.of_nothing(),
        )

    async def start(self, host: str, port: int) -> None:
        """Open the door for tokens."""
        self._listener = ModelListener(self.gateway, self._token_door())
        await self._listener.start(socket.create_server((host, port), backlog=256))

    def close(self) -> None:
        """Close the door for tokens, and what is kept."""
        if self._listener is not None:
            self._listener.close()
        self.gateway.upstreams.close()
        self.gateway.budget.close()

    def listener_of(self, state: AppState, manifest: Manifest, step: Step | None = None) -> ModelListener:
        """Return what serves an app's own socket; `step` counts calls where there is a limit to them."""
        declared = {name: use.use for name, use in manifest.models.items()}
        whose, classes = (state.app, state.release, state.tenant), frozenset(manifest.app.data_classes)
        return ModelListener(self.gateway, PlantedDoor(*whose, declared, self._resolve, step, classes))

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

    def _policy(self, state: Path) -> PromptPolicy:
        topics = KeptOwn(lambda: self._prompts.topics)
        asking = PromptQuestions(self._engine, self._desired)
        return PromptPolicy(own_key(state / "conversations.key"), topics, asking.prompt, asking.tool)

    def _token_door(self) -> TokenDoor:
        return TokenDoor(
            ask=self._link.model_pass,
            key=lambda: self._link.welcome.pass_key if self._link.welcome else "",
            epochs=self._epochs,
            state=self._desired,
            clock=self._clock,
        )

    def _models(self) -> Mapping[str, ModelState]:
        desired = self._desired()
        return {model.name: model for model in desired.models} if desired else {}

    @property
    def _prompts(self) -> PromptRules:
        desired = self._desired()
        return desired.prompts if desired else PromptRules()

    def _epochs(self) -> Mapping[str, int]:
        desired = self._desired()
        return desired.epochs if desired else {}

    async def _credential(self, model: ModelState) -> str:
        return await self._keys.get(model.name)

    def _forget_credential(self, model: ModelState) -> None:
        self._keys.forget(model.name)

    def known_secrets(self) -> frozenset[str]:
        """Return the values that must leave to nobody: what the plane signs in with, to databases and to models."""
        return frozenset((*self._secrets(), *self._keys.values))

    @property
    def key_masker(self) -> Masker:
        """What masks the keys of models; it is made anew only when one is fetched."""
        return self._keys.masker

    @property
    def masker(self) -> LogMasker:
        """What masks all of them in text, and the organisation's own values."""
        return LogMasker(self._search.masker, self._search.own)

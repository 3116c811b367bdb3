"""What the model gateways of planes ask for: which models there are, their credentials, and whose a token is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from pydantic import SecretStr
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import MODELS_AUDIENCE, Authorizer
from bailiwick.control.inference import BUDGET_EVENTS, BudgetNotices, Standing, budgets_of, standings, take_use
from bailiwick.control.planes.fetching import OfEnvironment, may_fetch
from bailiwick.core.clock import Clock
from bailiwick.core.events import AuditEvent
from bailiwick.core.messages import ModelBudget, ModelState, ModelUseReport, PassAnswer, SecretValue
from bailiwick.core.passes import issue_model_pass
from bailiwick.core.policy import USUAL_CONTEXT, ContextValue
from bailiwick.core.principals import Identity, Principal
from bailiwick.core.statements import SigningKey
from bailiwick.store import Store

# A plane asks anew after seconds.
_PASS_LIFETIME = timedelta(minutes=1)
TOKEN_LIFETIME = timedelta(minutes=15)


class Models(Protocol):
    """What planes need of the inference domain."""

    def states(self, session: Session) -> tuple[ModelState, ...]:
        """Return every model as planes pass calls on to it."""

    @property
    def names(self) -> frozenset[str]:
        """The names of the models that there are."""

    @property
    def budgets(self) -> tuple[ModelBudget, ...]:
        """The budgets that are not of one model alone."""

    def has_key(self, name: str) -> bool:
        """Return whether there is a model of this name whose server asks for a credential."""

    def vault_secret(self, name: str) -> str:
        """Return the name of the vault's secret that this credential is, empty where it is somewhere else."""

    def key(self, name: str) -> SecretStr:
        """Return the credential of a model's server."""


class Tokens(Protocol):
    """What is needed of the identity domain."""

    def authenticate_token(self, secret: str, *, audience: str) -> Identity:
        """Return whose token this is, when it was made for this door."""


@dataclass(frozen=True)
class PlaneModels:
    """Answers gateways, and whoever asks what is used. `pass_key` signs passes, as planes have pinned it; `regions` are
    those of planes that have one, `notices` tells people of their budgets.
    """

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    models: Models
    tokens: Tokens
    of_environment: OfEnvironment
    pass_key: SigningKey
    regions: Mapping[str, str]
    clock: Clock
    notices: BudgetNotices

    def states(self, session: Session) -> tuple[ModelState, ...]:
        """Return every model."""
        return self.models.states(session)

    @property
    def names(self) -> frozenset[str]:
        """The names of the models that there are."""
        return self.models.names

    @property
    def budgets(self) -> tuple[ModelBudget, ...]:
        """The budgets that are not of one model alone."""
        return self.models.budgets

    def seen_by(self, session: Session, identity: Identity) -> tuple[list[ModelState], list[Standing]]:
        """Return the models that somebody sees, by name, with the budgets that are left: all of them for whoever may
        read models, else those open to a token of theirs, with what they used themselves.
        """
        models = sorted(self.states(session), key=lambda item: item.name)
        mine = frozenset({identity.principal.own, *identity.names})
        seen: list[ModelState] = []
        budgets: list[ModelBudget] = []
        readable = {model.name: self._may_read(session, identity, model.name) for model in models}
        for model in models:
            if readable[model.name] or self._is_open_to(session, identity, model):
                seen.append(model)
                budgets += model.budgets
        every = all(readable.values()) and bool(models)
        budgets += [item for item in self.budgets if every or item.of in mine or item.of.startswith("each:")]
        found = standings(session, budgets, self.clock())
        own = frozenset(budget.name for model in seen if readable[model.name] for budget in model.budgets)
        return seen, [
            item
            if every or item.budget.name in own
            else replace(item, uses=tuple(use for use in item.uses if use.of in mine))
            for item in found
        ]

    def take_use(self, session: Session, plane: str, report: ModelUseReport) -> None:
        """Keep what a plane tells of the use of budgets."""
        known = (budget.name for budget in budgets_of(self.states(session), self.budgets))
        take_use(session, plane, report, known)

    def take_told(self, session: Session, event: AuditEvent) -> None:
        """Tell whoever a budget is of what a plane says of it."""
        if event.action in BUDGET_EVENTS:
            known = {budget.name for budget in budgets_of(self.states(session), self.budgets)}
            self.notices.take(session, event, known)

    def key(self, plane: str, name: str) -> SecretValue:
        """Return the credential of a model's server, wherever the settings say that it is; audited."""
        used_here, secret = self.models.has_key(name), self.models.vault_secret(name)
        with self.store.transaction() as session:
            decision = may_fetch(
                self.authorizer,
                self.audit,
                session,
                plane,
                f"model.{name}",
                used_here=used_here,
                of_environment=not secret or self.of_environment(session, plane, secret),
            )
        decision.require()
        return SecretValue(name=name, value=self.models.key(name).get_secret_value())

    def issue_token(self, identity: Identity) -> PassAnswer:
        """Make a token for models in the name of whoever asks; audited. By itself it lets nobody call anything."""
        who = str(identity.principal)
        expires = self.clock() + TOKEN_LIFETIME
        with self.store.transaction() as session:
            self.audit.note(session, who, "token.issued", who, context={"audience": MODELS_AUDIENCE, "purpose": "api"})
        return PassAnswer(token=issue_model_pass(identity, self.pass_key, expires, self.clock()), expires=expires)

    def open_to(self, session: Session, identity: Identity) -> list[ModelState]:
        """Return the models that somebody may call with a token of theirs, by name."""
        models = sorted(self.states(session), key=lambda item: item.name)
        return [model for model in models if self._is_open_to(session, identity, model)]

    def _may_read(self, session: Session, identity: Identity, name: str) -> bool:
        return self.authorizer.decide(session, identity, "model.read", f"model:{name}").allowed

    def _is_open_to(self, session: Session, identity: Identity, model: ModelState) -> bool:
        context: dict[str, ContextValue] = {**USUAL_CONTEXT["model.call"], "open_to": model.open_to}
        return self.authorizer.decide(session, identity, "model.call", f"model:{model.name}", context).allowed

    def answer_pass(self, token: str) -> PassAnswer:
        """Return the pass for models behind an access token that was made for them."""
        identity = self.tokens.authenticate_token(token, audience=MODELS_AUDIENCE)
        expires = self.clock() + _PASS_LIFETIME
        return PassAnswer(token=issue_model_pass(identity, self.pass_key, expires, self.clock()), expires=expires)


def own_pass(service: str, key: SigningKey, clock: Clock) -> Callable[[], str]:
    """Return what makes passes for models in the platform's own name, such as that of its reviewers."""
    identity = Identity.of_service(Principal.parse(service))
    return lambda: issue_model_pass(identity, key, clock() + _PASS_LIFETIME, clock())

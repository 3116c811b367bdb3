"""Who calls which model, by which endpoint: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bailiwick.core.events import AuditEvent, ContextFact, Outcome
from bailiwick.core.messages import Environment, Surface
from bailiwick.core.principals import Identity

Family = Literal["openai", "anthropic"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path of a wire. `suffix` is what it is called behind the address of an upstream.

    `output` are the names under which a request says how many tokens may come back; `events` is the form in which a
    stream is told of a fault: as a plain line of data, or with the name of an event. What is `free` asks no model.
    `cloud` is set where the paths are those of a cloud, which only models there are called by.
    """

    path: str
    family: Family
    suffix: str
    output: tuple[str, ...] = ()
    events: Literal["data", "event"] = "data"
    free: bool = False
    cloud: Literal["vertex", "bedrock"] | None = None

    @property
    def surface(self) -> Surface:
        """By whose paths models are called here."""
        return self.cloud or self.family


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: an app through its own socket, for whom it serves under a trace, or whoever a token belongs to.

    `declared` are an app's models by the names in its manifest, `environment` is that in which it calls, `data_classes`
    are those of the app.
    """

    identity: Identity
    app: str = ""
    release: str = ""
    trace: str = ""
    tenant: str = "default"
    declared: Mapping[str, str] = field(default_factory=dict)
    environment: Environment | None = None
    data_classes: frozenset[str] = frozenset()

    def use_of(self, model: str) -> "Use":
        """Return what policy is asked about when this caller calls a model."""
        return Use(model, self.app, frozenset(self.declared.values()), self.environment)

    @property
    def account(self) -> str:
        """The name that calls are counted under: the app, or whoever calls without one."""
        return f"app:{self.app}" if self.app else str(self.identity.principal)

    @property
    def person(self) -> str:
        """The written name of the person behind it, empty where there is none."""
        person = self.identity.behalf or (self.identity if self.identity.is_person else None)
        return str(person.principal) if person is not None else ""


@dataclass(frozen=True, slots=True)
class Use:
    """What policy is asked about: a model, by an app that declares these models, or by a token's owner."""

    model: str
    app: str
    declared: frozenset[str]
    environment: Environment | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens that a call took, or may take; `cached` and `written` are those of the sent ones that the server found in
    its cache, or put into it.
    """

    tokens_in: int
    tokens_out: int
    cached: int = 0
    written: int = 0

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.tokens_in + self.tokens_out


@dataclass(frozen=True, slots=True)
class ModelPlace:
    """A model as what stands before it counts calls: by whom they are, and through which plane."""

    name: str
    caller: Caller
    plane: str

    @property
    def account(self) -> str:
        """The principal that calls are counted for."""
        return self.caller.account

    @property
    def tenant(self) -> str:
        """The tenant of that principal."""
        return self.caller.tenant

    @property
    def resource(self) -> str:
        """Its name among all integrations."""
        return self.written

    @property
    def written(self) -> str:
        """The name of the model, as the audit log has it."""
        return f"model:{self.name}"

    def event(
        self,
        time: datetime,
        identity: Identity,
        trace: str,
        *,
        action: str,
        outcome: Outcome,
        reason: str = "",
        deciders: tuple[str, ...] = (),
        context: Mapping[str, ContextFact] | None = None,
    ) -> AuditEvent:
        """Return what to audit of something that was done with the model, or refused."""
        return AuditEvent(
            time=time,
            tenant=self.tenant,
            actor=str(identity.principal),
            action=action,
            resource=self.written,
            outcome=outcome,
            reason=reason,
            app=self.caller.app,
            release=self.caller.release,
            trace=trace,
            plane=self.plane,
            deciders=deciders,
            context=dict(context or {}),
            acting_for=identity.principal.behalf,
            client=identity.address,
        )


@dataclass(slots=True)
class Called:
    """What became of one call, for the audit log: `redacted` in the prompt and `masked` in the answer are numbers by
    kind, `about` is what policy was told of the prompt. No text of it is here.

    `asked` is the model that the caller named where another one was called in its place, and `because` says why.
    `age_seconds` is how old an answer is that was given again: no model was asked.
    """

    endpoint: str
    bytes_out: int = 0
    bytes_in: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    tokens_written: int = 0
    cost: int = 0
    repeats: int = 0
    asked: str = ""
    because: str = ""
    estimated: bool = False
    redacted: Mapping[str, int] = field(default_factory=dict)
    masked: Mapping[str, int] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
    streamed: bool = False
    status: int = 0
    milliseconds: float = 0.0
    age_seconds: int | None = None

    @property
    def spent(self) -> Spent:
        """The tokens that it took."""
        return Spent(self.tokens_in, self.tokens_out, self.tokens_cached, self.tokens_written)

"""What the settings say of models: where they are, what may be sent to them, and which of them review."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from bailiwick.control.inference import REVIEWERS, Route, Wire
from bailiwick.control.protected_urls import ProtectedUrl
from bailiwick.control.reviewers import Lens, Mode, Reviewer, ReviewerOptions
from bailiwick.control.vault import SecretFrom
from bailiwick.core.messages import (
    MILLIONTHS,
    MODEL_LIMITS,
    AnswerRules,
    AzureUpstream,
    BedrockUpstream,
    EndpointUrl,
    Environment,
    IntegrationLimits,
    ModelBudget,
    ModelPrice,
    Period,
    Unit,
    VertexUpstream,
)
from bailiwick.core.prompt_logs import LogLevel

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


# Whom a model is given to: who shows a token, or the apps there and below.
Receiver = Annotated[
    str, Field(pattern=r"^(user|group|service|agent|app|folder):[^\s:][^\s]{0,253}$|^organization:default$")
]


# Of whom a budget is.
Spender = Annotated[
    str,
    Field(
        pattern=r"^(user|group|service|agent|app|folder):[^\s:][^\s]{0,253}$|^organization:default$"
        r"|^each:(app|person|caller)$"
    ),
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EntraClient(_Section):
    """A client of Entra, or of another server that gives tokens (RFC 6749 section 4.4); its secret is the key."""

    token_url: EndpointUrl
    client: str = Field(min_length=1, max_length=200)
    scopes: tuple[str, ...] = ("https://cognitiveservices.azure.com/.default",)


class AzureOptions(_Section):
    """Azure OpenAI; the model is a deployment. Without `sign_in` the key goes in `api-key`."""

    kind: Literal["azure"]
    api_version: str = "2024-10-21"
    sign_in: EntraClient | None = None

    def upstream(self, name: str) -> AzureUpstream:
        """Return the same as planes are told of it; `name` is the model's, by which planes fetch its key."""
        told = self.sign_in.model_dump() if self.sign_in is not None else None
        client = {"kind": "client-credentials", "shown": "body", "secret": name, **told} if told is not None else None
        return AzureUpstream.model_validate({"api_version": self.api_version, "sign_in": client})


class VertexOptions(_Section):
    """Anthropic's models at Google Vertex AI, as a service account whose private key (PEM) is the model's key."""

    kind: Literal["vertex"]
    project: str
    location: str
    service_account: str
    key_id: str = ""
    token_url: EndpointUrl = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    scopes: tuple[str, ...] = ("https://www.googleapis.com/auth/cloud-platform",)

    def upstream(self, name: str) -> VertexUpstream:
        """Return the same as planes are told of it; `name` is the model's, by which planes fetch its key."""
        sign_in = {"kind": "jwt-bearer", "secret": name, "token_url": self.token_url, "issuer": self.service_account,
                   "audience": self.token_url, "key_id": self.key_id, "scopes": self.scopes}  # fmt: skip
        return VertexUpstream.model_validate({"project": self.project, "location": self.location, "sign_in": sign_in})


class BedrockOptions(_Section):
    """Anthropic's models at Amazon Bedrock; the model's key is the secret access key of `access_key_id`."""

    kind: Literal["bedrock"]
    region: str
    access_key_id: str

    def upstream(self, name: str) -> BedrockUpstream:
        """Return the same as planes are told of it; `name` is the model's, by which planes fetch its key."""
        sign_in = {"kind": "aws-sigv4", "secret": name, "access_key_id": self.access_key_id, "region": self.region,
                   "service": "bedrock"}  # fmt: skip
        return BedrockUpstream.model_validate({"sign_in": sign_in})


class ModelOptions(_Section):
    """A model that may be called through the gateway. `url` is what the wire's paths are put behind, /v1 included.

    It is given to nobody but those that `open_to` names: principals and groups, who show a token; apps, folders and the
    organisation, whose apps may call it once their manifest declares it. Reviewers have theirs without. `redact` says
    whether personal data is taken out of prompts, as secrets are. Planes keep `logs` of calls for `log_days`: nothing,
    who called and how much, prompts and answers without personal data, or with it; never secrets.
    Apps in production call it only where `environments`
    names that, and with no classes of data but its `data_classes`; `regions` are those whose planes may call it, any
    where none is named. `fallback` are models that answer where its server is not reached, or asks to be left alone.
    With `answers`, planes give some of them again to whom they were given.
    """

    name: Name
    wire: Wire
    url: ProtectedUrl
    model: str = Field(min_length=1, max_length=200)
    key: SecretFrom | None = None
    timeout_seconds: float = Field(default=120.0, gt=0, le=900)
    tokens_per_day: int = Field(default=2_000_000, ge=1)
    most_output_tokens: int = Field(default=8_000, ge=256, le=200_000)
    caller_tokens_per_day: int | None = Field(default=None, ge=1)
    caller_calls_per_day: int = Field(default=10_000, ge=1)
    open_to: frozenset[Receiver] = frozenset()
    redact: Literal["secrets", "all"] = "secrets"
    logs: LogLevel = "metadata"
    log_days: int = Field(default=7, ge=1, le=365)
    price: ModelPrice | None = None
    limits: IntegrationLimits = MODEL_LIMITS
    fallback: tuple[Name, ...] = Field(default=(), max_length=5)
    environments: frozenset[Environment] = frozenset({"editor"})
    regions: frozenset[Name] = frozenset()
    data_classes: frozenset[Name] | None = None
    images: bool = False
    upstream: AzureOptions | VertexOptions | BedrockOptions | None = Field(default=None, discriminator="kind")
    answers: AnswerRules | None = None

    @field_validator("limits", mode="before")
    @classmethod
    def _as_usual(cls, value: Any) -> Any:
        """Take what is said of limits for a change of those that models usually have."""
        if not isinstance(value, Mapping):
            return value
        of_databases = sorted({"statement_seconds", "most_rows_bytes"} & set(value))
        if of_databases:
            raise ValueError(f"{of_databases[0]} is a limit of databases")
        return {**MODEL_LIMITS.model_dump(), **value}

    @property
    def route(self) -> Route:
        """The same as a plain value."""
        return Route(
            self.name,
            self.wire,
            self.url,
            self.model,
            self.key,
            self.timeout_seconds,
            self.tokens_per_day,
            self.most_output_tokens,
            self.caller_tokens_per_day or self.tokens_per_day,
            self.caller_calls_per_day,
            self.open_to,
            self.redact,
            self.logs,
            self.log_days,
            self.price,
            self.limits,
            self.fallback,
            self.environments,
            self.regions,
            self.data_classes,
            self.images,
            self.upstream.upstream(self.name) if self.upstream is not None else None,
            self.answers,
        )

    @model_validator(mode="after")
    def _of_its_cloud(self) -> Self:
        if self.upstream is None:
            return self
        if (self.wire is Wire.ANTHROPIC) == isinstance(self.upstream, AzureOptions):
            raise ValueError(f"{self.name}: {self.upstream.kind} does not speak {self.wire.value}")
        if self.key is None:
            raise ValueError(f"{self.name}: {self.upstream.kind} asks for a key")
        return self


class BudgetOptions(_Section):
    """How much may be used of models in a day or a month (UTC), by whom; of all, where `models` names none.

    `of` is an app, a person, a group, a service or an agent, a folder with all apps below, the organisation, or
    `each:app`, `each:person` or `each:caller`. `money` is in the currency of the settings; the owner hears of it once
    when the share `warn_at` is used, and nothing goes beyond.
    """

    name: Name
    of: Spender
    models: frozenset[Name] = frozenset()
    per: Period = "month"
    money: float | None = Field(default=None, ge=0, le=1_000_000_000)
    tokens: int | None = Field(default=None, ge=0, le=10**15)
    calls: int | None = Field(default=None, ge=0, le=10**12)
    warn_at: float = Field(default=0.8, gt=0, le=1)

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.money is None and self.tokens is None and self.calls is None:
            raise ValueError(f"budget {self.name}: say how much: money, tokens or calls")
        return self

    def budget(self, currency: str) -> ModelBudget:
        """Return the same as a plain value."""
        limits: dict[Unit, int] = {}
        if self.money is not None:
            limits["money"] = round(self.money * MILLIONTHS)
        if self.tokens is not None:
            limits["tokens"] = self.tokens
        if self.calls is not None:
            limits["calls"] = self.calls
        return ModelBudget(
            name=self.name,
            of=self.of,
            models=self.models,
            per=self.per,
            limits=limits,
            warn_at=self.warn_at,
            currency=currency,
        )


class ReviewerChoice(_Section):
    """A model that reviews, and the lenses that it reads with: all, where none are named."""

    model: Name
    lenses: frozenset[Lens] = frozenset(Lens)


class ReviewersOptions(_Section):
    """Independent reviewers: models that read what others wrote. The first that is independent reads, the last refutes.

    With `required`, nothing goes to production that they did not read to an end; with `advise`, that is told only.
    """

    mode: Mode = Mode.OFF
    models: tuple[ReviewerChoice, ...] = ()
    # A re-review is taken up anew by another process after ten minutes.
    seconds: float = Field(default=480.0, ge=10, le=540)

    @property
    def options(self) -> ReviewerOptions:
        """The same as a plain value."""
        chosen = tuple(Reviewer(item.model, item.lenses) for item in self.models)
        return ReviewerOptions(self.mode, chosen, self.seconds)


class ModelSettings(_Section):
    """All of it, where names are checked against each other.

    `gateway` is the address of the model gateway, without /v1: reviewers reach models through it. Prices and budgets
    are in `currency` (ISO 4217).
    """

    gateway: ProtectedUrl | None = None
    models: tuple[ModelOptions, ...] = ()
    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$")
    budgets: tuple[BudgetOptions, ...] = ()
    reviewers: ReviewersOptions = Field(default_factory=ReviewersOptions)

    @model_validator(mode="after")
    def _known(self) -> Self:
        names = [item.name for item in self.models]
        if len(set(names)) < len(names):
            raise ValueError("models: each needs a name of its own")
        for choice in self.reviewers.models:
            if choice.model not in names:
                raise ValueError(f"reviewers: no model is called '{choice.model}'; models: lists {', '.join(names)}")
            if _surface(self.models[names.index(choice.model)]) not in {"openai", "anthropic"}:
                raise ValueError(f"reviewers: '{choice.model}' is called by the paths of a cloud; name another model")
        return self

    @model_validator(mode="after")
    def _fallbacks_speak_alike(self) -> Self:
        known = {item.name: item for item in self.models}
        for item in self.models:
            for name in item.fallback:
                other = known.get(name)
                if other is None or other is item:
                    raise ValueError(f"{item.name}: fallback names another model of models:, and '{name}' is none")
                if _surface(other) != _surface(item):
                    raise ValueError(f"{item.name}: '{name}' speaks another wire, and nothing is translated")
        return self

    @model_validator(mode="after")
    def _budgets_can_be_counted(self) -> Self:
        known = {item.name: item for item in self.models}
        if len({item.name for item in self.budgets}) < len(self.budgets):
            raise ValueError("budgets: each needs a name of its own")
        for budget in self.budgets:
            for name in budget.models - set(known):
                raise ValueError(f"budget {budget.name}: no model is called '{name}'")
            for name in sorted(budget.models or known) if budget.money is not None else ():
                if known[name].price is None:
                    raise ValueError(f"budget {budget.name} is of money, and {name} has no price")
        return self

    @property
    def model_budgets(self) -> tuple[ModelBudget, ...]:
        """The budgets that are not of one model alone."""
        return tuple(item.budget(self.currency) for item in self.budgets)

    @property
    def routes(self) -> dict[str, Route]:
        """The models by name, those of reviewers open to them."""
        reading = {choice.model for choice in self.reviewers.models}
        routes = [item.route for item in self.models]
        return {
            route.name: replace(route, open_to=route.open_to | {REVIEWERS}) if route.name in reading else route
            for route in routes
        }


def _surface(item: ModelOptions) -> str:
    """Return by whose paths a model is called."""
    if isinstance(item.upstream, VertexOptions | BedrockOptions):
        return item.upstream.kind
    return "anthropic" if item.wire is Wire.ANTHROPIC else "openai"

"""What the settings say of models: where they are, what may be sent to them, and which of them review."""

from dataclasses import replace
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bailiwick.control.inference import REVIEWERS, Route, Wire
from bailiwick.control.protected_urls import ProtectedUrl
from bailiwick.control.reviewers import Lens, Mode, Reviewer, ReviewerOptions
from bailiwick.control.vault import SecretFrom
from bailiwick.core.prompt_logs import LogLevel

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


# Whom a model is given to: who shows a token, or the apps there and below.
Receiver = Annotated[
    str, Field(pattern=r"^(user|group|service|agent|app|folder):[^\s:][^\s]{0,253}$|^organization:default$")
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelOptions(_Section):
    """A model that may be called through the gateway. `url` is what the wire's paths are put behind, /v1 included.

    It is given to nobody but those that `open_to` names: principals and groups, who show a token; apps, folders and the
    organisation, whose apps may call it once their manifest declares it. Reviewers have theirs without. `redact` says
    whether personal data is taken out of prompts, as secrets are. Planes keep `logs` of calls for `log_days`: nothing,
    who called and how much, prompts and answers without personal data, or with it; never secrets.
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

    `gateway` is the address of the model gateway, without /v1: reviewers reach models through it.
    """

    gateway: ProtectedUrl | None = None
    models: tuple[ModelOptions, ...] = ()
    reviewers: ReviewersOptions = Field(default_factory=ReviewersOptions)

    @model_validator(mode="after")
    def _known(self) -> Self:
        names = [item.name for item in self.models]
        if len(set(names)) < len(names):
            raise ValueError("models: each needs a name of its own")
        for choice in self.reviewers.models:
            if choice.model not in names:
                raise ValueError(f"reviewers: no model is called '{choice.model}'; models: lists {', '.join(names)}")
        return self

    @property
    def routes(self) -> dict[str, Route]:
        """The models by name, those of reviewers open to them."""
        reading = {choice.model for choice in self.reviewers.models}
        routes = [item.route for item in self.models]
        return {
            route.name: replace(route, open_to=route.open_to | {REVIEWERS}) if route.name in reading else route
            for route in routes
        }

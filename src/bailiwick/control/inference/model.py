"""Questions to models and their answers, as plain values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from bailiwick.control.vault import SecretFrom
from bailiwick.core.messages import MODEL_LIMITS, AnswerRules, Environment, IntegrationLimits, ModelPrice, Upstream
from bailiwick.core.prompt_logs import LogLevel

# What stands before or after a model's own name: whoever serves it, and the day or size of one of its versions.
_VENDOR = re.compile(r"^(?:[a-z0-9.-]+/)*")
_VERSION = re.compile(r"[-@:](?:\d{8}|\d{4}-\d\d-\d\d|latest|preview|\d{3,4})$")


class Wire(StrEnum):
    """The protocol that a model is asked by."""

    OPENAI_CHAT = "openai-chat"
    OPENAI_RESPONSES = "openai-responses"
    ANTHROPIC = "anthropic"


@dataclass(frozen=True, slots=True)
class Route:
    """A model that may be asked: where, by which wire, with which key, how much a day, and by whom.

    Budgets are for a day: of everybody together, and of each app or token's owner. `redact` is what is taken out of
    prompts: secrets always, with `all` personal data, too. `logs` is how much of calls planes keep, for `log_days`.
    What else there is means what `core.messages.ModelState` says.
    """

    name: str
    wire: Wire
    url: str
    model: str
    key: SecretFrom | None = None
    timeout_seconds: float = 120.0
    tokens_per_day: int = 2_000_000
    most_output_tokens: int = 8_000
    caller_tokens_per_day: int = 2_000_000
    caller_calls_per_day: int = 10_000
    open_to: frozenset[str] = frozenset()
    redact: Literal["secrets", "all"] = "secrets"
    logs: LogLevel = "metadata"
    log_days: int = 7
    price: ModelPrice | None = None
    limits: IntegrationLimits = MODEL_LIMITS
    fallback: tuple[str, ...] = ()
    environments: frozenset[Environment] = frozenset({"editor"})
    regions: frozenset[str] = frozenset()
    data_classes: frozenset[str] | None = None
    images: bool = False
    upstream: Upstream | None = None
    answers: AnswerRules | None = None

    @property
    def family(self) -> str:
        """The model's own name, without who serves it and which of its versions it is."""
        return family_of(self.model)


def family_of(model: str) -> str:
    """Return a model's name as it is compared: `vendor/Some-Model-4-20260101` is `some-model-4`."""
    plain = _VENDOR.sub("", "-".join(model.lower().split()))
    return _VERSION.sub("", plain)


@dataclass(frozen=True, slots=True)
class Question:
    """What a model is asked: instructions, the text that they are about, and the JSON schema of the answer."""

    instructions: str
    text: str
    schema: Mapping[str, Any]
    name: str = "answer"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered: JSON as it came, and the tokens that both ways took."""

    document: Any
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True, slots=True)
class Call:
    """That a model was asked: for what, about which app, how much went out and came back. No text of it is kept."""

    id: str
    route: str
    model: str
    purpose: str
    app: str
    time: datetime
    bytes_out: int
    tokens_in: int
    tokens_out: int
    outcome: str

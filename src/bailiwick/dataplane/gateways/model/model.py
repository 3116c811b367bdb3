"""Who calls which model, by which endpoint: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bailiwick.core.principals import Identity

Family = Literal["openai", "anthropic"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path of a wire. `suffix` is what it is called behind the address of an upstream.

    `output` are the names under which a request says how many tokens may come back; `events` is the form in which a
    stream is told of a fault: as a plain line of data, or with the name of an event. What is `free` asks no model.
    """

    path: str
    family: Family
    suffix: str
    output: tuple[str, ...] = ()
    events: Literal["data", "event"] = "data"
    free: bool = False


ENDPOINTS: Mapping[str, Endpoint] = {
    item.path: item
    for item in (
        Endpoint("/v1/chat/completions", "openai", "/chat/completions", ("max_completion_tokens", "max_tokens")),
        Endpoint("/v1/responses", "openai", "/responses", ("max_output_tokens",), "event"),
        Endpoint("/v1/embeddings", "openai", "/embeddings"),
        Endpoint("/v1/messages", "anthropic", "/messages", ("max_tokens",), "event"),
        Endpoint("/v1/messages/count_tokens", "anthropic", "/messages/count_tokens", free=True),
    )
}
LIST_PATH = "/v1/models"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: an app through its own socket, for whom it serves under a trace, or whoever a token belongs to.

    `declared` are an app's models by the names in its manifest, `data_classes` those of the app.
    """

    identity: Identity
    app: str = ""
    release: str = ""
    trace: str = ""
    tenant: str = "default"
    declared: Mapping[str, str] = field(default_factory=dict)
    data_classes: frozenset[str] = frozenset()

    def use_of(self, model: str) -> "Use":
        """Return what policy is asked about when this caller calls a model."""
        return Use(model, self.app, frozenset(self.declared.values()))

    @property
    def account(self) -> str:
        """The name that calls are counted under: the app, or whoever calls without one."""
        return f"app:{self.app}" if self.app else str(self.identity.principal)


@dataclass(frozen=True, slots=True)
class Use:
    """What policy is asked about: a model, by an app that declares these models, or by a token's owner."""

    model: str
    app: str
    declared: frozenset[str]


@dataclass(slots=True)
class Called:
    """What became of one call, for the audit log: `redacted` in the prompt and `masked` in the answer are numbers by
    kind, `about` is what policy was told of the prompt. No text of it is here.
    """

    endpoint: str
    bytes_out: int = 0
    bytes_in: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    estimated: bool = False
    redacted: Mapping[str, int] = field(default_factory=dict)
    masked: Mapping[str, int] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
    streamed: bool = False
    status: int = 0
    milliseconds: float = 0.0

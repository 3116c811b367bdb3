"""A call of a model with all that may be told of it; what is told follows from the register of telemetry."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Kept:
    """Prompt and answer of a call, as they are kept at the plane; `streamed` says that the answer is text already."""

    prompt: str = field(repr=False)
    answer: str = field(repr=False)
    streamed: bool


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One call that was passed on. `trace` and `parent` are those of the request that it serves, empty without one.

    `began` is in nanoseconds since 1970, `name` what the model is called here and `model` at its server; `kept` is
    there only where the model's log has texts.
    """

    began: int
    milliseconds: float
    trace: str
    parent: str
    operation: str
    provider: str
    name: str
    model: str
    host: str
    port: int
    app: str
    release: str
    person: str
    conversation: str
    streamed: bool
    status: int
    fault: str
    tokens_in: int
    tokens_out: int
    cached: int
    written: int
    cost: float | None
    redacted: Mapping[str, int] = field(default_factory=dict)
    kept: Kept | None = None

    @property
    def error(self) -> str:
        """The kind of fault that it ended with, empty without one."""
        if self.status >= 400:  # noqa: PLR2004 - RFC 9110 section 15.5
            return str(self.status)
        return "broken_off" if self.fault else ""

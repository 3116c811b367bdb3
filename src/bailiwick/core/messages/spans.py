"""What planes tell of the traces of apps: some spans, counts of all of them, and errors by what and where they are.

No text that an app wrote and no value of a request is in it: names of routes and shapes of statements, and facts that
are on a list.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from bailiwick.core.messages.base import Message
from bailiwick.core.modes import Mode

SpanKind = Literal["request", "query", "call", "model", "egress", "mail", "message", "app"]
SpanOutcome = Literal["ok", "error", "refused"]
LONGEST_SPAN_NAME = 200
MOST_SPANS, MOST_COUNTS, MOST_ERRORS = 500, 1000, 200
# The only facts that a span may carry besides what it is: none of them holds a value of a request or a row.
SPAN_FACTS = frozenset(
    {"operation", "tables", "rows", "bytes_in", "bytes_out", "tokens_in", "tokens_out", "cost", "repeats", "model",
     "streamed", "error_type", "error_place", "skewed"}
)  # fmt: skip
Fact = Annotated[str, Field(max_length=300)] | int | float | bool
TraceId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
SpanId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Name = Annotated[str, Field(max_length=LONGEST_SPAN_NAME)]


class SpanSeen(Message):
    """One piece of work in a trace. `target` is the integration, model or host that it went to; `status` is HTTP's."""

    trace: TraceId
    span: SpanId
    parent: SpanId | Literal[""] = ""
    kind: SpanKind
    name: Name
    start: AwareDatetime
    microseconds: int = Field(ge=0, le=2**53)
    outcome: SpanOutcome = "ok"
    person: str = Field(default="", max_length=300)
    target: Name = ""
    status: int = Field(default=0, ge=0, le=999)
    facts: Mapping[str, Fact] = Field(default_factory=dict, max_length=len(SPAN_FACTS))

    @property
    def milliseconds(self) -> float:
        """How long it took."""
        return self.microseconds / 1000


class SpanCount(Message):
    """All spans of a kind, name and target that began in a minute; `buckets` are those of `core/traces/buckets`."""

    minute: AwareDatetime
    kind: SpanKind
    name: Name
    target: Name = ""
    count: int = Field(ge=1, le=2**53)
    errors: int = Field(ge=0, le=2**53)
    refused: int = Field(ge=0, le=2**53)
    microseconds: int = Field(ge=0, le=2**62)
    buckets: tuple[Annotated[int, Field(ge=0, le=2**53)], ...] = Field(max_length=120)


class ErrorCount(Message):
    """Errors of one type at one place, in requests for `name`, since the report before; `trace` is of the last one."""

    fingerprint: SpanId
    type: Name
    place: str = Field(max_length=300)
    name: Name
    count: int = Field(ge=1, le=2**53)
    first: AwareDatetime
    last: AwareDatetime
    trace: TraceId


class MetricSeen(Message):
    """A series of an app's metric over a minute: what a counter grew by, or the sum of so many numbers of another."""

    minute: AwareDatetime
    name: str = Field(max_length=120)
    unit: str = Field(default="", max_length=20)
    kind: Literal["counter", "gauge", "histogram"]
    labels: Mapping[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=80)]] = Field(
        default_factory=dict, max_length=20
    )
    value: float = Field(allow_inf_nan=False)
    count: int = Field(ge=0, le=2**53)


class SpansReport(Message):
    """What happened in a release: the spans that are kept, counts of all, and how many were not kept (`left_out`)."""

    kind: Literal["spans"] = "spans"
    app: str = Field(max_length=300)
    mode: Mode
    branch: str = Field(default="", max_length=200)
    release: str = Field(max_length=100)
    spans: tuple[SpanSeen, ...] = Field(default=(), max_length=MOST_SPANS)
    counts: tuple[SpanCount, ...] = Field(default=(), max_length=MOST_COUNTS)
    errors: tuple[ErrorCount, ...] = Field(default=(), max_length=MOST_ERRORS)
    metrics: tuple[MetricSeen, ...] = Field(default=(), max_length=MOST_COUNTS)
    left_out: int = Field(default=0, ge=0)

"""What is known of traces: points of a chart, lines of tables, groups of errors, and spans."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Point:
    """All requests over a while: how many, how many failed, and how long they took."""

    start: datetime
    count: int
    errors: int
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class Line:
    """Everything of one name over the whole time; `share` is its part of all the time that was spent."""

    kind: str
    name: str
    target: str
    count: int
    errors: int
    refused: int
    mean_ms: float
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """Errors of one type at one place."""

    fingerprint: str
    type: str
    place: str
    name: str
    count: int
    first: datetime
    last: datetime
    first_release: str
    last_release: str
    trace: str


@dataclass(frozen=True, slots=True)
class Span:
    """One piece of work in a trace."""

    trace: str
    span: str
    parent: str
    start: datetime
    app: str
    mode: str
    branch: str
    release: str
    plane: str
    kind: str
    name: str
    target: str
    outcome: str
    status: int
    microseconds: int
    person: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def milliseconds(self) -> float:
        """How long it took."""
        return self.microseconds / 1000

    @property
    def end(self) -> datetime:
        """When it was over."""
        return self.start + timedelta(microseconds=self.microseconds)


@dataclass(frozen=True, slots=True)
class Metric:
    """A series of an app's own metric: for each step the increase of a counter, the mean of another."""

    name: str
    unit: str
    kind: str
    labels: str
    points: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """How an app did over a while."""

    since: datetime
    until: datetime
    step_seconds: int
    points: tuple[Point, ...]
    lines: tuple[Line, ...]
    errors: tuple[ErrorGroup, ...]
    metrics: tuple[Metric, ...] = ()


@dataclass(frozen=True, slots=True)
class TraceQuery:
    """Which traces: of a while, of a person, with a text in their name, only those that failed or took so long."""

    mode: str = "production"
    hours: int = 24
    person: str = ""
    text: str = ""
    release: str = ""
    failed: bool = False
    least_ms: float = 0
    before: datetime | None = None
    limit: int = 50

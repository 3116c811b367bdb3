"""What an anomaly is: what was expected, what came, who was there, and what else moved in the same minute."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

BUCKET_SECONDS = 60


class Kind(StrEnum):
    """What stands out: a number, or that something happened for the first time."""

    UNUSUAL = "unusual"
    FIRST = "first"


class AnomalyState(StrEnum):
    """Whether somebody said that it is nothing."""

    OPEN = "open"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Moved:
    """Another series that stood out in the same minute."""

    subject: str
    measure: str
    value: float
    expected: float
    score: float


@dataclass(frozen=True, slots=True)
class Point:
    """A minute of the series before: what came, and the band in which nearly all would have lain."""

    time: datetime
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something that stood out. `measure` is what of the subject, or for the first time what it is new to."""

    id: str
    kind: Kind
    subject: str
    measure: str
    time: datetime
    last: datetime
    times: int
    value: float
    expected: float
    low: float
    high: float
    score: float
    people: Sequence[str]
    moved: Sequence[Moved]
    points: Sequence[Point]
    state: AnomalyState
    decided_by: str
    reason: str

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        if self.kind is Kind.FIRST:
            return f"{self.subject} used {self.measure} for the first time"
        return (
            f"{self.subject}: {number_words(self.value)} {MEASURES[self.measure]} in a minute, "
            f"where {number_words(self.expected)} were expected"
        )


@dataclass(frozen=True, slots=True)
class AnomalyPage:
    """Some anomalies, the newest first, and where the next ones begin."""

    anomalies: Sequence[Anomaly]
    cursor: str


# What is counted, with words that follow a number. Of those in `ABSENT` a minute without any says nothing.
MEASURES = {
    "requests": "requests",
    "errors": "failed requests",
    "latency": "ms (95th percentile)",
    "calls": "calls of integrations",
    "rows": "rows",
    "bytes": "bytes",
    "tables": "distinct tables",
    "model-calls": "calls of models",
    "tokens": "tokens",
    "spend": "spent on models",
    "refused": "refused calls",
    "sign-ins": "sign-ins",
}
ABSENT = frozenset({"latency"})
# What is less than this, and was expected to be, is too little to tell anybody of, however rare it is.
LEAST = {
    "requests": 10.0, "errors": 5.0, "latency": 50.0, "calls": 10.0, "rows": 100.0, "bytes": 100_000.0, "tables": 5.0,
    "model-calls": 5.0, "tokens": 1000.0, "spend": 0.1, "refused": 5.0, "sign-ins": 5.0,
}  # fmt: skip


# From here on digits behind the point say nothing more.
_PLAIN_FROM = 100


def number_words(value: float) -> str:
    """Return a number as people read it."""
    if abs(value) >= _PLAIN_FROM or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"

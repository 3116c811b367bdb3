"""The detectors of series in memory, brought up to date from what the database keeps of each."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bailiwick.control.anomalies.model import Point
from bailiwick.control.anomalies.tables import SeriesRow
from bailiwick.core.anomalies import Detector, Expected, UnknownStateError, expectation, load, save

_SAVED_EVERY = 60
_SHOWN = 90
LEAST_SEEN = 300
_THRESHOLD, _RAISED_BY, _HIGHEST = 0.01, 0.2, 1e-6


@dataclass
class Watched:
    """A detector, the last values with their bands, and up to when it knows the series."""

    detector: Detector
    upto: float
    points: deque[Point] = field(default_factory=lambda: deque(maxlen=_SHOWN))

    def take(self, at: float, value: float) -> tuple[float, Expected | None]:
        """Return how unusual a value is and what was expected in its place, then learn it."""
        expected = expectation(self.detector, at)
        score = self.detector.score(at, value)
        self.upto = at
        low, high = (expected.low, expected.high) if expected else (value, value)
        self.points.append(Point(datetime.fromtimestamp(at, UTC), value, max(low, 0.0), high))
        return score, expected

    @property
    def knows_enough(self) -> bool:
        """Whether it has seen enough to say that something is unusual."""
        return self.detector.seen >= LEAST_SEEN


def watched(row: SeriesRow) -> Watched:
    """Return what the database keeps of a series, brought up to date; one that cannot be read begins anew."""
    try:
        detector = load(row.state) if row.state else Detector()
    except UnknownStateError:
        detector = Detector()
    one = Watched(detector, 0.0)
    for at, value in row.since:
        one.take(at, value)
    return one


def keep(row: SeriesRow, one: Watched, at: float, value: float) -> None:
    """Write down what came: the value each time, the whole state now and then."""
    since = [*row.since, [at, value]]
    if len(since) >= _SAVED_EVERY:
        row.state, row.since = save(one.detector), []
    else:
        row.since = since


def alarming(row: SeriesRow) -> float:
    """Return the score from which the series stands out; each time that somebody dismissed it raises that."""
    return 1 - max(_THRESHOLD * _RAISED_BY**row.raised, _HIGHEST)


def as_json(points: Sequence[Point]) -> list[list[float]]:
    """Return points as JSON has them."""
    return [[point.time.timestamp(), point.value, point.low, point.high] for point in points]

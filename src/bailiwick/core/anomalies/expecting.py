"""What a detector expects next: the value, and between which ones nearly all would lie."""

from dataclasses import dataclass

from bailiwick.core.anomalies.detector import Detector
from bailiwick.core.anomalies.tails import Tails

_RARE = 0.005


@dataclass(frozen=True, slots=True)
class Expected:
    """The value that is expected, and the band in which 99 of 100 values would lie."""

    value: float
    low: float
    high: float


def expectation(detector: Detector, at: float) -> Expected | None:
    """Return what is expected at a time by the way of looking that was least off; nothing while it warms up."""
    if detector.warming is not None:
        return None
    ways: list[tuple[float | None, Tails]] = [
        (detector.value, detector.step),
        (detector.slow_level, detector.slow),
        (detector.slowest_level, detector.slowest),
        (detector.day.usual(at), detector.day.tails),
        (detector.week.usual(at), detector.week.tails),
    ]
    known = [(tails.scale, number, value, tails) for number, (value, tails) in enumerate(ways) if value is not None]
    scale, _, value, tails = min(known)
    below, above = tails.reach(_RARE)
    return Expected(value, value - below * scale, value + above * scale)

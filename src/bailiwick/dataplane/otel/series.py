"""Histograms of calls since the plane began, in the buckets that the conventions advise; so many series at most."""

import threading
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

from bailiwick.dataplane.otel.attributes import DURATION, TOKENS, Value

# https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/
BOUNDS: Mapping[str, tuple[float, ...]] = {
    TOKENS: tuple(float(4**power) for power in range(14)),
    DURATION: (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92),
}
UNITS: Mapping[str, str] = {TOKENS: "{token}", DURATION: "s"}
MOST_SERIES = 2000
# Where there are too many, as the specification of the SDK has it (metrics, cardinality limits).
_OVERFLOW: dict[str, Value] = {"otel.metric.overflow": True}


@dataclass(slots=True)
class Histogram:
    """How often and how much of one thing."""

    attributes: Mapping[str, Value]
    buckets: list[int]
    count: int = 0
    total: float = 0.0
    least: float = 0.0
    most: float = 0.0

    def add(self, value: float, bounds: tuple[float, ...]) -> None:
        """Count a value; a bound is in the bucket that it ends."""
        self.least = min(self.least, value) if self.count else value
        self.most = max(self.most, value) if self.count else value
        self.count, self.total = self.count + 1, self.total + value
        self.buckets[bisect_left(bounds, value)] += 1


@dataclass
class Series:
    """All histograms by the name of their metric and what they are of."""

    _found: dict[tuple[str, tuple[tuple[str, Value], ...]], Histogram] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _changed: bool = False

    def add(self, name: str, value: float, attributes: Mapping[str, Value]) -> None:
        """Count a value of a metric."""
        key = (name, tuple(sorted(attributes.items())))
        with self._lock:
            self._changed = True
            if key not in self._found and len(self._found) >= MOST_SERIES:
                attributes, key = _OVERFLOW, (name, tuple(_OVERFLOW.items()))
            if key not in self._found:
                self._found[key] = Histogram(dict(attributes), [0] * (len(BOUNDS[name]) + 1))
            self._found[key].add(value, BOUNDS[name])

    def take(self) -> dict[str, list[Histogram]]:
        """Return copies of all, by metric; empty when nothing was counted since the last time."""
        with self._lock:
            if not self._changed:
                return {}
            self._changed = False
            told: dict[str, list[Histogram]] = {}
            for (name, _), item in self._found.items():
                copy = Histogram(
                    item.attributes, list(item.buckets), item.count, item.total, item.least, item.most
                )  # fmt: skip
                told.setdefault(name, []).append(copy)
            return told

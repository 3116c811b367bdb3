"""Counts every span of an app and keeps some: all that failed or were slow, others within a budget of each app.

A trace is kept whole or not at all, so it is decided when its request ends. An app that floods fills its own budget,
its own names and its own memory; what is not kept is counted all the same.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bailiwick.core.messages.spans import (
    MOST_COUNTS,
    MOST_ERRORS,
    MOST_SPANS,
    ErrorCount,
    SpanCount,
    SpanSeen,
    SpansReport,
)
from bailiwick.core.modes import Mode
from bailiwick.core.traces.buckets import MOST_BUCKETS, bucket_of, quantile
from bailiwick.core.traces.names import fingerprint_of
from bailiwick.core.traces.series import SeriesMeter

OTHER = "other"
_ROOTS = frozenset({"request", "message"})
_MOST_OPEN, _MOST_OF_TRACE, _MOST_DECIDED = 500, 200, 2000
_OPEN_SECONDS = 30.0
_SLOW_MICROSECONDS, _ENOUGH, _TIMES_SLOWER = 1_000_000, 64, 3
_IDLE_SECONDS = 3600.0
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Source:
    """What spans are of: a release of an app in a mode."""

    app: str
    mode: Mode
    branch: str
    release: str


@dataclass(frozen=True, slots=True)
class Budget:
    """How many traces an app may have kept a second, of ordinary ones and of those that failed or were slow; how many
    names of each kind are told apart in a day; and how often counts are told.
    """

    ordinary: float = 20.0
    notable: float = 100.0
    names: int = 300
    counts_seconds: float = 10.0


@dataclass
class _Allowance:
    """So many a second, and what was not used of three seconds."""

    rate: float
    left: float = 0.0
    at: float = 0.0

    def take(self, now: float) -> bool:
        self.left = min(self.left + (now - self.at) * self.rate, self.rate * 3) if self.at else self.rate * 3
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass
class _Counted:
    """Spans of one kind, name and target in one minute."""

    count: int = 0
    errors: int = 0
    refused: int = 0
    microseconds: int = 0
    buckets: list[int] = field(default_factory=list)

    def add(self, span: SpanSeen) -> None:
        self.count += 1
        self.errors += span.outcome == "error"
        self.refused += span.outcome == "refused"
        self.microseconds += span.microseconds
        place = bucket_of(span.microseconds)
        if place >= len(self.buckets):
            self.buckets += [0] * (place + 1 - len(self.buckets))
        self.buckets[place] += 1


@dataclass
class _Usual:
    """How long something takes as a rule."""

    buckets: list[int] = field(default_factory=lambda: [0] * MOST_BUCKETS)
    seen: int = 0
    slow: int = _SLOW_MICROSECONDS

    def is_slow(self, microseconds: int) -> bool:
        self.buckets[bucket_of(microseconds)] += 1
        self.seen += 1
        if self.seen % _ENOUGH == 0:
            usual = quantile(self.buckets, 0.95) * 1000 * _TIMES_SLOWER
            self.slow = min(_SLOW_MICROSECONDS, max(int(usual), 10_000))
        return microseconds >= self.slow


_Key = tuple[datetime, str, str, str]


class _AppMeter:
    """One release of an app."""

    def __init__(self, source: Source, budget: Budget, now: float) -> None:
        self.source = source
        self.seen_at = now
        self._budget = budget
        self._ordinary = _Allowance(budget.ordinary)
        self._notable = _Allowance(budget.notable)
        self._open: OrderedDict[str, tuple[float, list[SpanSeen]]] = OrderedDict()
        self._decided: OrderedDict[str, bool] = OrderedDict()
        self._names: dict[str, set[tuple[str, str]]] = {}
        self._names_since = now
        self._usual: dict[tuple[str, str], _Usual] = {}
        self._counts: dict[_Key, _Counted] = {}
        self._errors: dict[str, ErrorCount] = {}
        self._kept: list[SpanSeen] = []
        self.series = SeriesMeter()
        self._left_out = 0
        self._counts_at = now

    def observe(self, span: SpanSeen, now: float) -> None:
        self.seen_at = now
        name, target = self._name(span, now)
        minute = span.start.replace(second=0, microsecond=0)
        self._counts.setdefault((minute, span.kind, name, target), _Counted()).add(span)
        if span.outcome == "error":
            self._count_error(span, name)
        self._hold(span, notable=self._is_notable(span, name), now=now)

    def _name(self, span: SpanSeen, now: float) -> tuple[str, str]:
        """Return the name and target that a span is counted by: there are only so many of each kind in a day."""
        if now - self._names_since > _DAY:
            self._names, self._usual, self._names_since = {}, {}, now
        known = self._names.setdefault(span.kind, set())
        told = (span.name, span.target)
        if told not in known:
            if len(known) >= self._budget.names:
                return OTHER, ""
            known.add(told)
        return told

    def _is_notable(self, span: SpanSeen, name: str) -> bool:
        usual = self._usual.setdefault((span.kind, name), _Usual())
        return usual.is_slow(span.microseconds) or span.outcome != "ok"

    def _count_error(self, span: SpanSeen, name: str) -> None:
        kind = str(span.facts.get("error_type", span.kind))[:200]
        place = str(span.facts.get("error_place") or span.target or name)[:300]
        key = fingerprint_of(kind, place)
        known = self._errors.get(key)
        if known is None and len(self._errors) >= MOST_ERRORS - 1:
            kind, place = OTHER, OTHER
            key = fingerprint_of(kind, place)
            known = self._errors.get(key)
        first, last = (min(known.first, span.start), max(known.last, span.start)) if known else (span.start,) * 2
        count = (known.count if known else 0) + 1
        self._errors[key] = ErrorCount(
            fingerprint=key, type=kind, place=place, name=name, count=count, first=first, last=last, trace=span.trace
        )

    def _hold(self, span: SpanSeen, *, notable: bool, now: float) -> None:
        """Keep a span with its trace until that is decided; one that comes after that goes the way of its trace."""
        decided = self._decided.get(span.trace)
        if decided is not None:
            self._settle([span], keep=decided or (notable and self._notable.take(now)))
            return
        _, spans = self._open.setdefault(span.trace, (now, []))
        if len(spans) < _MOST_OF_TRACE or span.kind in _ROOTS:
            spans.append(span)
        else:
            self._left_out += 1
        if notable:
            self._open[span.trace] = (-abs(self._open[span.trace][0]), spans)
        if not span.parent:
            self._decide(span.trace, now)
        elif len(self._open) > _MOST_OPEN:
            self._decide(next(iter(self._open)), now)

    def _decide(self, trace: str, now: float) -> None:
        """Decide about a trace; that something in it is notable stands in the sign of its time."""
        began, spans = self._open.pop(trace)
        keep = self._notable.take(now) if began < 0 else self._ordinary.take(now)
        self._decided[trace] = keep
        if len(self._decided) > _MOST_DECIDED:
            self._decided.popitem(last=False)
        self._settle(spans, keep=keep)

    def _settle(self, spans: list[SpanSeen], *, keep: bool) -> None:
        if keep and len(self._kept) < MOST_SPANS * 20:
            self._kept += spans
        else:
            self._left_out += len(spans)

    def take(self, now: float, *, all_of_it: bool) -> Iterator[SpansReport]:
        """Yield what is to be told now."""
        for trace in [key for key, (began, _) in self._open.items() if all_of_it or now - abs(began) > _OPEN_SECONDS]:
            self._decide(trace, now)
        spans, self._kept = self._kept, []
        for first in range(0, len(spans), MOST_SPANS):
            yield self._report(spans=tuple(spans[first : first + MOST_SPANS]))
        if all_of_it or now - self._counts_at >= self._budget.counts_seconds:
            self._counts_at = now
            yield from self._told_counts()

    def _told_metrics(self) -> Iterator[SpansReport]:
        metrics, of = list(self.series.take()), self.source
        for first in range(0, len(metrics), MOST_COUNTS):
            part = tuple(metrics[first : first + MOST_COUNTS])
            yield SpansReport(app=of.app, mode=of.mode, branch=of.branch, release=of.release, metrics=part)

    def _told_counts(self) -> Iterator[SpansReport]:
        counts, self._counts = [_count(*key, found) for key, found in self._counts.items()], {}
        errors, self._errors = tuple(self._errors.values()), {}
        yield from self._told_metrics()
        left_out, self._left_out = self._left_out, 0
        for first in range(0, len(counts), MOST_COUNTS):
            yield self._report(counts=tuple(counts[first : first + MOST_COUNTS]), errors=errors, left_out=left_out)
            errors, left_out = (), 0

    def _report(
        self,
        spans: tuple[SpanSeen, ...] = (),
        counts: tuple[SpanCount, ...] = (),
        errors: tuple[ErrorCount, ...] = (),
        left_out: int = 0,
    ) -> SpansReport:
        of = self.source
        return SpansReport(
            app=of.app, mode=of.mode, branch=of.branch, release=of.release, spans=spans, counts=counts, errors=errors,
            left_out=left_out,
        )  # fmt: skip


def _count(minute: datetime, kind: str, name: str, target: str, found: _Counted) -> SpanCount:
    return SpanCount.model_validate(
        {"minute": minute, "kind": kind, "name": name, "target": target, "count": found.count, "errors": found.errors,
         "refused": found.refused, "microseconds": found.microseconds, "buckets": tuple(found.buckets)}
    )  # fmt: skip


class Point(Protocol):
    """A point of a metric, as `core/otlp/metrics` reads it."""

    @property
    def name(self) -> str: ...  # noqa: D102 - as there
    @property
    def unit(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def labels(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def value(self) -> float: ...  # noqa: D102
    @property
    def count(self) -> int: ...  # noqa: D102
    @property
    def key(self) -> str: ...  # noqa: D102
    @property
    def cumulative(self) -> bool: ...  # noqa: D102
    @property
    def since(self) -> int: ...  # noqa: D102


class Meter:
    """Takes spans from any thread, and gives back what is to be told of them."""

    def __init__(self, budget: Budget | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._budget = Budget() if budget is None else budget
        self._clock = clock
        self._lock = threading.Lock()
        self._apps: dict[Source, _AppMeter] = {}

    def observe(self, source: Source, span: SpanSeen) -> None:
        """Count a span, and keep it as far as there is room."""
        now = self._clock()
        with self._lock:
            if source not in self._apps:
                self._apps[source] = _AppMeter(source, self._budget, now)
            self._apps[source].observe(span, now)

    def measured(self, source: Source, point: Point, now: datetime) -> bool:
        """Take a point of an app's own metrics; return whether there is room for its series."""
        with self._lock:
            if source not in self._apps:
                self._apps[source] = _AppMeter(source, self._budget, self._clock())
            return self._apps[source].series.add(
                point.name, point.unit, point.kind, point.labels, point.value, point.count, key=point.key,
                cumulative=point.cumulative, since=point.since, now=now,
            )  # fmt: skip

    def take(self, *, all_of_it: bool = False) -> list[SpansReport]:
        """Return what is to be told now, and forget it; also what is still going on when `all_of_it` is asked for."""
        now = self._clock()
        with self._lock:
            reports = [report for app in self._apps.values() for report in app.take(now, all_of_it=all_of_it)]
            idle = [key for key, app in self._apps.items() if now - app.seen_at > _IDLE_SECONDS]
            for key in idle:
                del self._apps[key]
        return reports

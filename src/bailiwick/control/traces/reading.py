"""Answers about traces, from rollups and by index: never by reading all spans of a while."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Float, cast, func, or_, select
from sqlalchemy.orm import Session

from bailiwick.control.traces.model import ErrorGroup, Line, Metric, Point, Span, TraceQuery
from bailiwick.control.traces.tables import AppMetricRow, ErrorGroupRow, SpanRollupRow, SpanRow
from bailiwick.core.traces import quantile, summed

_MOST_LINES, _MOST_ERRORS, _MOST_OF_TRACE = 60, 50, 1000
_MOST_METRICS, _MOST_METRIC_ROWS = 200, 50_000
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
# Of a chart that goes back so many hours: how long its steps are, and from which rollups they come.
_STEPS = ((1, 60, _MINUTE), (6, 300, _MINUTE), (24, _HOUR, _HOUR), (168, 2 * _HOUR, _HOUR), (720, 12 * _HOUR, _HOUR))
_LONG = 72
SPAN_FIELDS = (
    "trace", "span", "parent", "start", "app", "mode", "branch", "release", "plane", "kind", "name", "target",
    "outcome", "status", "microseconds", "person", "facts",
)  # fmt: skip


def steps_of(hours: int) -> tuple[int, int]:
    """Return how many seconds a step of a chart is, and those of the rollups that it is made of."""
    return next(((step, grain) for most, step, grain in _STEPS if hours <= most), (_STEPS[-1][1], _STEPS[-1][2]))


def points_of(session: Session, app: str, mode: str, hours: int, now: datetime) -> list[Point]:
    """Return an app's requests in steps, oldest first; steps without any are left out."""
    step, grain = steps_of(hours)
    row = SpanRollupRow
    query = select(row.start, row.count, row.errors, row.buckets).where(
        row.app == app, row.mode == mode, row.seconds == grain, row.kind == "request", row.name == "",
        row.target == "", row.start >= _since(now, hours, grain),
    )  # fmt: skip
    found: dict[int, list[Any]] = {}
    for start, count, errors, buckets in session.execute(query):
        place = found.setdefault(int(start.timestamp()) // step * step, [0, 0, []])
        place[0] += count
        place[1] += errors
        place[2].append(buckets)
    points = []
    for began, (count, errors, several) in sorted(found.items()):
        buckets = summed(several)
        moment = datetime.fromtimestamp(began, now.tzinfo)
        points.append(Point(moment, count, errors, quantile(buckets, 0.5), quantile(buckets, 0.95)))
    return points


def lines_of(session: Session, app: str, mode: str, hours: int, now: datetime) -> list[Line]:
    """Return what took most of the time, and what failed most, of everything that the app did or called."""
    row, grain = SpanRollupRow, _grain(hours)
    own = (
        row.app == app, row.mode == mode, row.seconds == grain, row.name != "",
        row.start >= _since(now, hours, grain),
    )  # fmt: skip
    key = (row.kind, row.name, row.target)
    sums = [func.sum(column) for column in (row.count, row.errors, row.refused, row.microseconds)]
    worst = func.sum(row.microseconds) * (1 + 10 * cast(func.sum(row.errors), Float) / func.sum(row.count))
    query = select(*key, *sums).where(*own).group_by(*key).order_by(worst.desc(), *key).limit(_MOST_LINES)
    found: list[Any] = list(session.execute(query))
    buckets = _buckets_of(session, own, {tuple(item[:3]) for item in found})
    lines = []
    for kind, name, target, count, errors, refused, microseconds in found:
        spread = buckets[(kind, name, target)]
        mean = float(microseconds) / int(count) / 1000
        p50, p95 = quantile(spread, 0.5), quantile(spread, 0.95)
        lines.append(Line(kind, name, target, int(count), int(errors), int(refused), round(mean, 2), p50, p95))
    return lines


def _buckets_of(session: Session, own: Sequence[Any], wanted: set[tuple[Any, ...]]) -> dict[tuple[Any, ...], list[int]]:
    if not wanted:
        return {}
    row = SpanRollupRow
    query = select(row.kind, row.name, row.target, row.buckets).where(
        *own, row.name.in_({name for _, name, _ in wanted}), row.kind.in_({kind for kind, _, _ in wanted})
    )
    found: dict[tuple[Any, ...], list[list[int]]] = {}
    for kind, name, target, buckets in session.execute(query):
        found.setdefault((kind, name, target), []).append(buckets)
    return {key: summed(several) for key, several in found.items()}


def errors_of(session: Session, app: str, mode: str, since: datetime) -> list[ErrorGroup]:
    """Return groups of errors that were seen since then, those seen last first."""
    row = ErrorGroupRow
    query = select(row).where(row.app == app, row.mode == mode, row.last >= since).order_by(row.last.desc())
    return [
        ErrorGroup(
            item.fingerprint, item.type, item.place, item.name, item.count, item.first, item.last, item.first_release,
            item.last_release, item.trace,
        )
        for item in session.scalars(query.limit(_MOST_ERRORS))
    ]  # fmt: skip


def metrics_of(session: Session, app: str, mode: str, hours: int, now: datetime) -> list[Metric]:
    """Return the series of an app's own metrics, in the steps of the chart."""
    step, grain = steps_of(hours)
    row, since = AppMetricRow, _since(now, hours, grain)
    query = select(row).where(row.app == app, row.mode == mode, row.seconds == grain, row.start >= since)
    found: dict[tuple[str, str], tuple[AppMetricRow, dict[int, list[float]]]] = {}
    for item in session.scalars(query.order_by(row.name, row.labels, row.start).limit(_MOST_METRIC_ROWS)):
        _, steps = found.setdefault((item.name, item.labels), (item, {}))
        place = steps.setdefault(int(item.start.timestamp()) // step * step, [0.0, 0])
        place[0] += item.value
        place[1] += item.count
    return [
        Metric(name, item.unit, item.kind, labels, tuple(
            (datetime.fromtimestamp(began, now.tzinfo), value if item.kind == "counter" else value / max(count, 1))
            for began, (value, count) in sorted(steps.items())
        ))
        for (name, labels), (item, steps) in list(found.items())[:_MOST_METRICS]
    ]  # fmt: skip


def roots_of(session: Session, app: str, query: TraceQuery, now: datetime) -> list[Span]:
    """Return the spans with which traces begin, newest first."""
    row = SpanRow
    wanted = [
        row.app == app, row.mode == query.mode, row.parent == "", row.start >= now - timedelta(hours=query.hours),
        row.start < (query.before or now + timedelta(hours=1)),
    ]  # fmt: skip
    if query.person:
        wanted.append(or_(row.person == query.person, row.person == f"user:{query.person}"))
    if query.text:
        wanted.append(row.name.icontains(query.text, autoescape=True))
    if query.release:
        wanted.append(row.release == query.release)
    if query.failed:
        wanted.append(row.outcome != "ok")
    if query.least_ms:
        wanted.append(row.microseconds >= query.least_ms * 1000)
    found = session.scalars(select(row).where(*wanted).order_by(row.start.desc()).limit(query.limit))
    return [_span(item) for item in found]


def trace_of(session: Session, app: str, trace: str) -> list[Span]:
    """Return the spans of a trace of an app, each once, in the order in which they began."""
    query = select(SpanRow).where(SpanRow.trace == trace, SpanRow.app == app).order_by(SpanRow.start, SpanRow.span)
    found: dict[str, Span] = {}
    for item in session.scalars(query.limit(_MOST_OF_TRACE)):
        found.setdefault(item.span, _span(item))
    return list(found.values())


def _span(row: SpanRow) -> Span:
    return Span(**{name: getattr(row, name) for name in SPAN_FIELDS})


def _grain(hours: int) -> int:
    if hours <= _STEPS[1][0]:
        return _MINUTE
    return _HOUR if hours <= _LONG else _DAY


def _since(now: datetime, hours: int, grain: int) -> datetime:
    """Return where a while begins, down to a whole step of the rollups."""
    begin = (now - timedelta(hours=hours)).timestamp() // grain * grain
    return datetime.fromtimestamp(begin, now.tzinfo)

"""How many events lie where in time: from counts by the hour where they suffice, else from the newest that match."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from bailiwick.control.audit.query import AuditQuery
from bailiwick.control.audit.search import (
    LOOKED_THROUGH,
    alternatives,
    between,
    conditions,
    in_time,
    one_of,
    places_of,
    places_with,
    standing_at,
)
from bailiwick.control.audit.tables import EventRow, HourRow, TileRow
from bailiwick.control.audit.words import has_words, words_condition
from bailiwick.core.events import Outcome
from bailiwick.core.tiles import WIDTH

_BARS = 60
_PARTS = 4 * _BARS  # counts that the database sums to: finer than bars, which may begin later
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEAST_BARS = 24
_MOST_COUNTED = 2_000
_HOUR = timedelta(hours=1)
_STEPS = tuple(
    timedelta(seconds=seconds)
    for seconds in (1, 5, 15, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 86400, 2 * 86400, 7 * 86400, 28 * 86400)
)


@dataclass(frozen=True, slots=True)
class Bar:
    """How many events happened from `start` on for the length of a step; `bad` of them did not succeed."""

    start: datetime
    count: int
    bad: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """Bars of `step` each, oldest first, without gaps. `whole` is False when only the newest matches are counted."""

    step: timedelta
    bars: tuple[Bar, ...]
    whole: bool

    @property
    def total(self) -> int:
        """How many events are counted."""
        return sum(bar.count for bar in self.bars)


def histogram(session: Session, query: AuditQuery, now: datetime) -> Histogram:
    """Return when the events that match happened; reads thousands of rows at most, however long the log is."""
    with in_time(session):
        if _by_the_hour(query):
            return _bars(_hours(session, query, now), query, now, _STEPS[6:], whole=True)
        moments, whole = _matching(session, query)
    return _bars(moments, query, now, _STEPS, whole=whole)


def _by_the_hour(query: AuditQuery) -> bool:
    asked = {name for name in ("actor", "resource", "app", "trace") if query.values(name)}
    short = query.since is not None and (query.until or datetime.max.replace(tzinfo=UTC)) - query.since < timedelta(
        days=2
    )
    return not asked and not has_words(query) and not short


def _hours(session: Session, query: AuditQuery, now: datetime) -> list[tuple[datetime, int, int]]:
    """Return counts by the hour: kept ones, those of events behind the last full tile, and those of parts of hours."""
    whole = replace(
        query,
        since=_floor(query.since + _HOUR - timedelta(microseconds=1), _HOUR) if query.since else None,
        until=_floor(query.until, _HOUR) if query.until else None,
    )
    found = _kept(session, whole, now)
    tiled = session.scalar(select(func.max(TileRow.tile)).where(TileRow.level == 0))
    behind = EventRow.sequence >= (0 if tiled is None else tiled + 1) * WIDTH
    found += _moments(session, _newest([*conditions(whole), behind]))
    for part in (replace(query, until=whole.since), replace(query, since=whole.until)):
        if part.since and part.until:
            found += _counted(session, part, part.since)
    return found


def _kept(session: Session, query: AuditQuery, now: datetime) -> list[tuple[datetime, int, int]]:
    """Return the counts that are kept, summed by the database to a few for each bar."""
    fitting = [HourRow.hour >= query.since] if query.since else []
    fitting += [HourRow.hour < query.until] if query.until else []
    fitting += [
        one_of(column, query.values(name))
        for name, column in (("action", HourRow.action), ("outcome", HourRow.outcome))
        if query.values(name)
    ]
    first = session.scalar(select(HourRow.hour).where(*fitting).order_by(HourRow.hour).limit(1))
    if first is None:
        return []
    span = ((query.until or now) - (query.since or first)) / _PARTS
    moment = func.date_bin(_step(span, _STEPS[6:]), HourRow.hour, _EPOCH).label("moment")
    kept = select(moment, HourRow.outcome, func.sum(HourRow.count).label("events")).where(*fitting)
    return [
        (row.moment, int(row.events), _bad(row.outcome) * int(row.events))
        for row in session.execute(kept.group_by(moment, HourRow.outcome))
    ]


def _counted(session: Session, query: AuditQuery, moment: datetime) -> list[tuple[datetime, int, int]]:
    counted = select(EventRow.outcome, func.count().label("events")).where(*conditions(query))
    rows = session.execute(counted.group_by(EventRow.outcome))
    return [(moment, row.events, _bad(row.outcome) * row.events) for row in rows]


def _matching(session: Session, query: AuditQuery) -> tuple[list[tuple[datetime, int, int]], bool]:
    low, high = places_of(session, query)
    near = between(low, high)
    if has_words(query):
        middle = max(low, high - LOOKED_THROUGH)
        fitting = [*conditions(query), *between(middle, high), words_condition(query)]
        recent = _moments(session, _newest(fitting))
        if len(recent) >= _MOST_COUNTED or middle == low:
            return recent, len(recent) < _MOST_COUNTED
        places = places_with(session, query, low, middle, _MOST_COUNTED)
        older = _moments(session, _newest([*conditions(query), standing_at(places)])) if places else []
        return recent + older, len(places) < _MOST_COUNTED
    found: list[tuple[datetime, int, int]] = []
    for one in alternatives(session, query):
        found += _moments(session, _newest([*conditions(query), *near, one]))
        if len(found) >= _MOST_COUNTED:
            return found, False
    return found, True


def _newest(fitting: Sequence[object]) -> Select[datetime, str]:
    newest = select(EventRow.time, EventRow.outcome).where(*fitting)  # type: ignore[arg-type]
    return newest.order_by(EventRow.sequence.desc()).limit(_MOST_COUNTED)


def _moments(session: Session, statement: Select[datetime, str]) -> list[tuple[datetime, int, int]]:
    return [(row.time, 1, _bad(row.outcome)) for row in session.execute(statement)]


def _bad(outcome: str) -> int:
    return int(outcome != Outcome.SUCCESS.value)


def _bars(
    moments: Sequence[tuple[datetime, int, int]],
    query: AuditQuery,
    now: datetime,
    steps: Sequence[timedelta],
    *,
    whole: bool,
) -> Histogram:
    if not moments:
        return Histogram(steps[0], (), whole)
    start = query.since if query.since and whole else min(moment for moment, _, _ in moments)
    end = query.until or max(now, *(moment for moment, _, _ in moments))
    step = _step((end - start) / _BARS, steps)
    if query.since is None:
        # A few events of the last minutes are shown as the end of a longer time, not as one bar as wide as the page.
        start = min(start, end - _LEAST_BARS * step)
    first = _floor(start, step)
    counts, bad = [0] * (int((end - first) / step) + 1), [0] * (int((end - first) / step) + 1)
    for moment, many, wrong in moments:
        place = min(max(int((moment - first) / step), 0), len(counts) - 1)
        counts[place] += many
        bad[place] += wrong
    bars = (Bar(first + place * step, counts[place], bad[place]) for place in range(len(counts)))
    return Histogram(step, tuple(bars), whole)


def _step(least: timedelta, steps: Sequence[timedelta]) -> timedelta:
    """Return the shortest of the steps that is no shorter than `least`, or the longest."""
    return next((step for step in steps if step >= least), steps[-1])


def _floor(moment: datetime, step: timedelta) -> datetime:
    return _EPOCH + (moment - _EPOCH) // step * step

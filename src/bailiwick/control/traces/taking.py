"""Takes in what planes tell of traces: COPY into a table of the connection, and from there what is new.

A span that comes twice is there once. Clocks of planes that run ahead are put right; what is older than spans are kept
is counted, and not kept.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, LiteralString

import psycopg
from sqlalchemy.orm import Session

from bailiwick.core.messages import SpanCount, SpansReport
from bailiwick.core.traces import summed

GRAINS = (60, 3600, 86_400)
_AHEAD = timedelta(minutes=5)
_AT_ONCE = 1000
# What would end a value, and what PostgreSQL cannot keep in a text (COPY, "Text Format").
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": None})
_SPAN_COLUMNS: LiteralString = (
    "trace, span, start, parent, app, mode, branch, release, plane, kind, name, target, outcome, status, microseconds, "
    "person, facts"
)
_ROLLUP_COLUMNS: LiteralString = (
    "app, mode, seconds, kind, name, target, release, start, count, errors, refused, microseconds, buckets"
)
_ROLLUP_KEY: LiteralString = "tenant, app, mode, seconds, kind, name, target, release, start"
_ERROR_COLUMNS: LiteralString = (
    "app, mode, fingerprint, type, place, name, count, first, last, first_release, last_release, trace"
)
_ADD_SPANS: LiteralString = (
    f"INSERT INTO spans ({_SPAN_COLUMNS}) SELECT {_SPAN_COLUMNS} FROM pg_temp.span_intake ON CONFLICT DO NOTHING"  # noqa: S608 - names of ours
)
# In the order of the key, so that two planes that are taken in at once wait for each other rather than lock up.
_ADD_ROLLUPS: LiteralString = f"""INSERT INTO span_rollups AS kept ({_ROLLUP_COLUMNS})
    SELECT {_ROLLUP_COLUMNS} FROM pg_temp.rollup_intake ORDER BY app, mode, seconds, kind, name, target, release, start
    ON CONFLICT ({_ROLLUP_KEY}) DO UPDATE SET
        count = kept.count + excluded.count, errors = kept.errors + excluded.errors,
        refused = kept.refused + excluded.refused, microseconds = kept.microseconds + excluded.microseconds,
        buckets = summed_buckets(kept.buckets, excluded.buckets)"""  # noqa: S608 - names of ours
_ADD_ERRORS: LiteralString = f"""INSERT INTO error_groups AS kept ({_ERROR_COLUMNS})
    SELECT {_ERROR_COLUMNS} FROM pg_temp.error_intake ORDER BY app, mode, fingerprint
    ON CONFLICT (tenant, app, mode, fingerprint) DO UPDATE SET
        count = kept.count + excluded.count, first = least(kept.first, excluded.first),
        first_release = CASE WHEN excluded.first < kept.first THEN excluded.first_release ELSE kept.first_release END,
        last_release = CASE WHEN excluded.last > kept.last THEN excluded.last_release ELSE kept.last_release END,
        trace = CASE WHEN excluded.last > kept.last THEN excluded.trace ELSE kept.trace END,
        name = CASE WHEN excluded.last > kept.last THEN excluded.name ELSE kept.name END,
        last = greatest(kept.last, excluded.last)"""  # noqa: S608 - names of ours
_METRIC_COLUMNS: LiteralString = "app, mode, seconds, name, labels, start, unit, kind, value, count"
_ADD_METRICS: LiteralString = f"""INSERT INTO app_metrics AS kept ({_METRIC_COLUMNS})
    SELECT {_METRIC_COLUMNS} FROM pg_temp.metric_intake ORDER BY app, mode, seconds, name, labels, start
    ON CONFLICT (tenant, app, mode, seconds, name, labels, start) DO UPDATE SET
        value = kept.value + excluded.value, count = kept.count + excluded.count"""  # noqa: S608 - names of ours
_INTAKES: tuple[tuple[LiteralString, LiteralString, LiteralString, LiteralString], ...] = (
    ("span_intake", "spans", _SPAN_COLUMNS, _ADD_SPANS),
    ("rollup_intake", "span_rollups", _ROLLUP_COLUMNS, _ADD_ROLLUPS),
    ("error_intake", "error_groups", _ERROR_COLUMNS, _ADD_ERRORS),
    ("metric_intake", "app_metrics", _METRIC_COLUMNS, _ADD_METRICS),
)
_TOTAL_KINDS = frozenset({"request", "message"})
_Key = tuple[str, str, int, str, str, str, str, datetime]


@dataclass
class _Sum:
    """Counts that go into one row."""

    count: int = 0
    errors: int = 0
    refused: int = 0
    microseconds: int = 0
    buckets: list[Sequence[int]] = field(default_factory=list)

    def add(self, told: SpanCount) -> None:
        self.count += told.count
        self.errors += told.errors
        self.refused += told.refused
        self.microseconds += told.microseconds
        self.buckets.append(told.buckets)


def days_of(reports: Iterable[SpansReport], now: datetime, kept: timedelta) -> set[date]:
    """Return the days (UTC) of the spans in reports, as far as they are kept."""
    return {
        _placed(span.start, now).astimezone(UTC).date()
        for report in reports
        for span in report.spans
        if span.start >= now - kept
    }


def take_spans(session: Session, plane: str, reports: Sequence[SpansReport], now: datetime, kept: timedelta) -> None:
    """Take in reports of one plane; there must be a partition for each of `days_of` them."""
    raw = session.connection().connection.driver_connection
    assert isinstance(raw, psycopg.Connection)  # noqa: S101 - the driver that the store connects with
    rows = (
        [row for report in reports for row in _span_rows(plane, report, now, kept)],
        list(_rollup_rows(reports, now)),
        list(_error_rows(reports, now)),
        list(_metric_rows(reports, now)),
    )
    for (intake, table, columns, add), content in zip(_INTAKES, rows, strict=True):
        if content:
            _take_in(raw, intake, table, columns, add, content)


def _take_in(
    raw: "psycopg.Connection[Any]",
    intake: LiteralString,
    table: LiteralString,
    columns: LiteralString,
    add: LiteralString,
    rows: Sequence[tuple[Any, ...]],
) -> None:
    """Copy rows into a table that only this connection sees, where no row-level security is in COPY's way."""
    with raw.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [f"pg_temp.{intake}"])
        if cursor.fetchone() == (None,):
            cursor.execute(f"CREATE TEMP TABLE {intake} (LIKE {table} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS")
        with cursor.copy(f"COPY pg_temp.{intake} ({columns}) FROM STDIN") as copy:
            for first in range(0, len(rows), _AT_ONCE):
                copy.write("".join(map(_line, rows[first : first + _AT_ONCE])))
        cursor.execute(add)
        cursor.execute(f"TRUNCATE pg_temp.{intake}")


def _line(row: Iterable[Any]) -> str:
    """Return a row as COPY's text format has it: the driver takes four times as long for that, value by value."""
    return "\t".join([_value(item) for item in row]) + "\n"


def _value(item: Any) -> str:
    if type(item) is str:
        return item if item.isalnum() else item.translate(_ESCAPED)
    if type(item) is datetime:
        return item.isoformat()
    if isinstance(item, dict):
        return json.dumps(item).replace("\\u0000", "").translate(_ESCAPED) if item else "{}"
    return "{" + ",".join(map(str, item)) + "}" if isinstance(item, list) else str(item)


def _placed(moment: datetime, now: datetime) -> datetime:
    return now if moment > now + _AHEAD else moment


def _span_rows(plane: str, report: SpansReport, now: datetime, kept: timedelta) -> Iterator[tuple[Any, ...]]:
    for span in report.spans:
        if span.start < now - kept:
            continue
        start = _placed(span.start, now)
        facts = span.facts if start is span.start else {**span.facts, "skewed": True}
        yield (
            span.trace, span.span, start, span.parent, report.app, report.mode, report.branch, report.release, plane,
            span.kind, span.name, span.target, span.outcome, span.status, span.microseconds, span.person,
            facts,
        )  # fmt: skip


def _rollup_rows(reports: Iterable[SpansReport], now: datetime) -> Iterator[tuple[Any, ...]]:
    """Yield counts of main's preview and of production: what branches do is in their traces."""
    sums: dict[_Key, _Sum] = {}
    for report in reports:
        for told in report.counts if not report.branch else ():
            for name, target in _counted_as(told):
                for seconds in GRAINS:
                    start = _begin(_placed(told.minute, now), seconds)
                    key: _Key = (report.app, report.mode, seconds, told.kind, name, target, report.release, start)
                    sums.setdefault(key, _Sum()).add(told)
    for key, found in sums.items():
        yield (*key, found.count, found.errors, found.refused, found.microseconds, summed(found.buckets) or [0])


def _counted_as(told: SpanCount) -> Iterator[tuple[str, str]]:
    yield told.name or "(no name)", told.target
    if told.kind in _TOTAL_KINDS:
        yield "", ""


def _begin(moment: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)


def _error_rows(reports: Iterable[SpansReport], now: datetime) -> Iterator[tuple[Any, ...]]:
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for report in reports:
        for told in report.errors if not report.branch else ():
            first, last = _placed(told.first, now), _placed(told.last, now)
            row = found.setdefault(
                (report.app, report.mode, told.fingerprint),
                {"type": told.type, "place": told.place, "name": told.name, "count": 0, "first": first, "last": last,
                 "first_release": report.release, "last_release": report.release, "trace": told.trace},
            )  # fmt: skip
            row["count"] += told.count
            row["first"] = min(row["first"], first)
            if last >= row["last"]:
                row |= {"last": last, "last_release": report.release, "trace": told.trace, "name": told.name}
    for key, row in found.items():
        yield (*key, *row.values())


def _metric_rows(reports: Iterable[SpansReport], now: datetime) -> Iterator[tuple[Any, ...]]:
    found: dict[tuple[Any, ...], list[Any]] = {}
    for report in reports:
        for told in report.metrics if not report.branch else ():
            labels = json.dumps(dict(told.labels), sort_keys=True)
            for seconds in GRAINS[:2]:
                start = _begin(_placed(told.minute, now), seconds)
                key = (report.app, report.mode, seconds, told.name, labels, start)
                row = found.setdefault(key, [told.unit, told.kind, 0.0, 0])
                row[2] += told.value
                row[3] += told.count
    for key, row in found.items():
        yield (*key, *row)

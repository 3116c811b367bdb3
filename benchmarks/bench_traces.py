"""Spans that are taken in a second against 20,000, and what a chart of 30 days takes against 300 ms."""

import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from bailiwick.control.traces import TraceService
from bailiwick.control.traces.reading import errors_of, lines_of, points_of
from bailiwick.control.traces.taking import take_spans
from bailiwick.core.clock import utc_now
from bailiwick.core.ids import new_span_id, new_trace_id
from bailiwick.core.messages import ReportBatch, Sequenced, SpanSeen, SpansReport
from bailiwick.core.traces import Budget, Meter, Source, root_span
from bailiwick.store import Store
from bailiwick.store.embedded import EmbeddedPostgres

_WANTED, _MOST_MS = 20_000, 300.0
_BATCHES, _TRACES, _CHILDREN = 12, 500, 9
_APP, _DAYS, _NAMES, _RELEASES = "finance/desk", 30, 300, 10
_KEPT = timedelta(days=30)


def measure() -> list[tuple[str, float, str]]:
    """Return what is taken in from a plane's message on to durable rows, and the slowest page of 30 days."""
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as home:
        Path(home).chmod(0o755)
        with EmbeddedPostgres(Path(home) / "data") as server:
            server.create_database("traces")
            store = Store.connect(server.url("traces"))
            store.migrate()
            rate = _taken(store)
            _fill(store)
            slowest = _chart(store)
            store.dispose()
    return [
        (
            f"spans taken in a second / {_WANTED:,}",
            rate / _WANTED,
            f"{rate:,.0f}/s in batches of {_TRACES * (_CHILDREN + 1):,}",
        ),
        (
            f"an app's page of {_DAYS} days / {_MOST_MS:.0f} ms",
            slowest / _MOST_MS,
            f"{slowest:,.0f} ms at p95 over {_NAMES:,} names in {_RELEASES} releases",
        ),
    ]


def _message() -> bytes:
    """Return a batch of spans as a plane sends it."""
    meter = Meter(Budget(ordinary=10**6, notable=10**6))
    source, now = Source(_APP, "production", "", "rel_1"), utc_now()
    for number in range(_TRACES):
        trace = new_trace_id()
        root = root_span(trace)
        for child in range(_CHILDREN):
            meter.observe(source, _span(trace, new_span_id(), root, "query", f"SELECT $1 FROM t{child}", number, now))
        meter.observe(source, _span(trace, root, "", "request", f"GET /{number % 40}", number, now))
    reports = enumerate(meter.take(all_of_it=True), 1)
    batch = ReportBatch(spool="s", reports=tuple(Sequenced(sequence=at, report=report) for at, report in reports))
    return batch.model_dump_json(by_alias=True).encode()


def _span(trace: str, span: str, parent: str, kind: str, name: str, number: int, now: object) -> SpanSeen:
    return SpanSeen.model_validate(
        {"trace": trace, "span": span, "parent": parent, "kind": kind, "name": name, "target": "orders-db",
         "start": now, "microseconds": 900 + number, "person": "user:ada@example.com", "status": 200,
         "facts": {"rows": 3, "tables": "orders"}}
    )  # fmt: skip


def _taken(store: Store) -> float:
    messages = [_message() for _ in range(_BATCHES)]
    service = TraceService(store, None, None, 30, utc_now)  # type: ignore[arg-type] - nobody asks it anything
    service.keep()

    def take(message: bytes) -> None:
        batch = ReportBatch.model_validate_json(message)
        told = [item.report for item in batch.reports if isinstance(item.report, SpansReport)]
        with store.transaction() as session:
            take_spans(session, "production", told, utc_now(), _KEPT)

    began = time.perf_counter()
    with ThreadPoolExecutor(2) as planes:
        list(planes.map(take, messages))
    seconds = time.perf_counter() - began
    with store.transaction() as session:
        kept = session.scalar(text("SELECT count(*) FROM spans"))
    assert kept == _BATCHES * _TRACES * (_CHILDREN + 1), kept
    return _BATCHES * _TRACES * (_CHILDREN + 1) / seconds


def _fill(store: Store) -> None:
    """Make rollups of 30 days of an app with as many names as there may be, and a new release every three days."""
    rows = """INSERT INTO span_rollups
        (app, mode, seconds, kind, name, target, release, start, count, errors, refused, microseconds, buckets)
        SELECT :app, 'production', :seconds, kind, CASE WHEN name = 0 THEN '' ELSE 'GET /' || name END, '',
            'rel_' || (extract(day FROM start)::int % :releases), start, 100, 1, 0, 5000000, :buckets
        FROM unnest(ARRAY['request', 'query']) kind, generate_series(0, :names) name,
            generate_series(:since, :until, make_interval(secs => :seconds)) start
        ON CONFLICT DO NOTHING"""
    drawn = random.Random(1)
    buckets = [drawn.randrange(5) for _ in range(70)]
    until = utc_now().replace(minute=0, second=0, microsecond=0)
    with store.transaction() as session:
        for seconds, days in ((3600, _DAYS), (86_400, _DAYS)):
            told = {"app": _APP, "seconds": seconds, "names": _NAMES, "releases": _RELEASES, "buckets": buckets}
            session.execute(text(rows), {**told, "since": until - timedelta(days=days), "until": until})


def _chart(store: Store) -> float:
    """Return the milliseconds that a page of 30 days takes to read, all of it, at p95."""
    times = []
    for _ in range(20):
        began = time.perf_counter()
        with store.transaction() as session:
            now, hours = utc_now(), _DAYS * 24
            assert points_of(session, _APP, "production", hours, now)
            assert lines_of(session, _APP, "production", hours, now)
            errors_of(session, _APP, "production", now - timedelta(hours=hours))
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)[-2]

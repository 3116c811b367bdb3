"""The first page of the usual searches of a long audit log, against 200 ms.

`BAILIWICK_BENCH_EVENTS` says how many events (200,000 unless it says otherwise; 10,000,000 is the promise).
"""

import hashlib
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from bailiwick.control.audit import AuditQuery, complete_tiles, histogram, parse_terms, search
from bailiwick.core.event_words import words_of
from bailiwick.core.events import AuditEvent, Outcome, canonical_bytes
from bailiwick.core.merkle import Frontier, leaf_hash
from bailiwick.store import Store
from bailiwick.store.embedded import EmbeddedPostgres

_LIMIT_SECONDS = 0.2
_REPEATS = 5
_NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
_DAYS = 90
_ACTIONS = {
    "query.executed": 700, "request.served": 150, "egress.allowed": 60, "session.started": 30, "app.pushed": 20,
    "review.passed": 18, "egress.refused": 8, "query.refused": 6, "app.deployed": 4, "role.assigned": 2,
    "role.removed": 1, "app.killed": 1,
}  # fmt: skip
_TABLES = ("orders", "refunds", "customers", "invoices", "tickets", "shipments", "contracts", "payments")
# The usual searches, from what people ask day by day to what an investigation asks.
SEARCHES = {
    "the newest": (),
    "a person": ("actor=user:person-77@example.com",),
    "two people": ("actor=user:person-77@example.com", "actor=user:person-1402@example.com"),
    "an app": ("app=finance/app-12",),
    "a frequent action": ("action=query.executed",),
    "a rare action": ("action=app.killed",),
    "actions that begin alike": ("action=role.*",),
    "a resource": ("resource=integration:db-17",),
    "a folder's apps": ("resource=app:finance/*",),
    "what was refused": ("outcome=refused",),
    "what one app was refused": ("app=finance/app-12", "outcome=refused"),
    "a trace": ("trace=%(trace)s",),
    "a person on one day two months ago": ("actor=user:person-77@example.com", "since=62d", "until=61d"),
    "everything of one hour two months ago": ("since=1488h", "until=1487h"),
    "rare actions of last week": ("action=role.*", "since=7d"),
    "a frequent word": ("text=customers",),
    "a rare word": ("text=needle",),
    "a rare word and a person": ("text=needle", "actor=user:person-77@example.com"),
    "a plane": ("plane=production",),
    "an address": ("client=10.9.8.7",),
    "a rare address's beginning": ("client=10.9.8.*",),
}


def measure() -> list[tuple[str, float, str]]:
    """Return the slowest of the usual searches, and the histogram, as shares of the limit."""
    events = int(os.environ.get("BAILIWICK_BENCH_EVENTS", "200000"))
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as home:
        Path(home).chmod(0o755)
        with EmbeddedPostgres(Path(home) / "data") as server:
            server.create_database("audit")
            store = Store.connect(server.url("audit"))
            store.migrate()
            trace = fill(store, server.url("audit"), events)
            times = {name: _median(store, _page(terms, trace)) for name, terms in SEARCHES.items()}
            counts = {name: _median(store, _bars(terms, trace)) for name, terms in SEARCHES.items()}
            store.dispose()
    for name in sorted(times, key=lambda name: -times[name]):
        print(f"    {times[name] * 1000:7.1f} ms, histogram {counts[name] * 1000:7.1f} ms  {name}", flush=True)
    slowest, slowest_count = max(times, key=lambda name: times[name]), max(counts, key=lambda name: counts[name])
    median = statistics.median(times.values())
    size = f"{events:,} events"
    return [
        (
            f"audit search, first page, slowest of {len(times)} / 200 ms",
            times[slowest] / _LIMIT_SECONDS,
            f"{times[slowest] * 1000:,.0f} ms ({slowest}), median {median * 1000:,.0f} ms; {size}",
        ),
        (
            "audit histogram, slowest / 200 ms",
            counts[slowest_count] / _LIMIT_SECONDS,
            f"{counts[slowest_count] * 1000:,.0f} ms ({slowest_count}); {size}",
        ),
    ]


def _page(terms: tuple[str, ...], trace: str) -> Callable[[Store], object]:
    query = _query(terms, trace)

    def ask(store: Store) -> object:
        with store.transaction() as session:
            return search(session, query, limit=50)

    return ask


def _bars(terms: tuple[str, ...], trace: str) -> Callable[[Store], object]:
    query = _query(terms, trace)

    def ask(store: Store) -> object:
        with store.transaction() as session:
            return histogram(session, query, _NOW)

    return ask


def _query(terms: tuple[str, ...], trace: str) -> AuditQuery:
    return parse_terms([term % {"trace": trace} for term in terms], _NOW)


def _median(store: Store, ask: Callable[[Store], object]) -> float:
    took = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        ask(store)
        took.append(time.perf_counter() - start)
    return statistics.median(took)


def fill(store: Store, url: str, events: int) -> str:
    """Copy a log of so many events into the tables, with its tree and tiles; return the trace of one of them."""
    frontier, trace = Frontier(), ""
    columns = "tenant, sequence, event_id, time, actor, action, resource, outcome, app, trace, body, leaf, words"
    with psycopg.connect(url) as connection:
        with connection.cursor().copy(f"COPY audit_events ({columns}) FROM STDIN") as copy:
            for place, event in enumerate(_events(events)):
                body = canonical_bytes(event)
                leaf = leaf_hash(body)
                frontier.append(leaf)
                words = " ".join(f"'{word}'" for word in sorted(words_of(event)) if "'" not in word)
                copy.write_row(
                    (
                        "default", place, event.id, event.time, event.actor, event.action, event.resource,
                        event.outcome.value, event.app, event.trace, body, leaf, words,
                    )
                )  # fmt: skip
                trace = event.trace if place == events // 3 else trace
        peaks = psycopg.types.json.Jsonb([peak.hex() for peak in frontier.peaks])
        connection.execute("INSERT INTO audit_trees (tenant, size, peaks) VALUES ('default', %s, %s)", [events, peaks])
    more = True
    while more:
        with store.transaction() as session:
            more = complete_tiles(session)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return trace


def _events(count: int) -> Iterator[AuditEvent]:
    draw = random.Random(1)
    names, weights = list(_ACTIONS), list(_ACTIONS.values())
    for place, action in enumerate(draw.choices(names, weights, k=count)):
        app = f"{('finance', 'support', 'sales', 'legal')[place % 4]}/app-{draw.randrange(300)}"
        noun = action.partition(".")[0]
        resource = f"integration:db-{draw.randrange(60)}" if noun == "query" else f"app:{app}"
        rare = draw.random() < 20 / count
        yield AuditEvent.model_construct(
            id=f"evt_{place:026}",
            time=_NOW - timedelta(days=_DAYS) * (1 - place / count),
            tenant="default",
            actor=f"user:person-{draw.randrange(2000)}@example.com",
            action=action,
            resource=resource,
            outcome=_outcome(action),
            reason="a needle in a haystack" if rare else "",
            app=app,
            release=f"rel-{draw.randrange(900)}",
            trace=hashlib.sha256(str(place).encode()).hexdigest()[:32],
            plane="production" if place % 5 else "editor",
            deciders=("app-users",),
            context={"statement": f"SELECT id, total FROM {draw.choice(_TABLES)} WHERE id = $1", "rows": place % 50},
            acting_for="",
            client="10.9.8.7" if rare else f"10.0.{draw.randrange(200)}.{draw.randrange(250)}",
            client_kind="browser",
            before=None,
            after=None,
        )


def _outcome(action: str) -> Outcome:
    return Outcome.REFUSED if action.endswith("refused") else Outcome.SUCCESS


if __name__ == "__main__":
    for row in measure():
        print(row)

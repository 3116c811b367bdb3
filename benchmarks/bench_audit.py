"""Durable audit events a second, against plain single-row INSERTs into the same table of a durable PostgreSQL."""

import tempfile
import time
from pathlib import Path

import psycopg

from bailiwick.control.audit import AuditLog
from bailiwick.core.clock import utc_now
from bailiwick.core.events import AuditEvent
from bailiwick.store import Store
from bailiwick.store.embedded import EmbeddedPostgres

_SINGLE, _BATCHES, _BATCH = 400, 20, 500


def _event() -> AuditEvent:
    return AuditEvent(
        time=utc_now(), actor="user:a@example.com", action="query.executed", resource="integration:orders-db"
    )


def measure() -> list[tuple[str, float, str]]:
    """Return appends one by one, and as batches of a plane, over plain INSERTs with a commit each."""
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as home:
        Path(home).chmod(0o755)
        with EmbeddedPostgres(Path(home) / "data") as server:
            server.create_database("audit")
            store = Store.connect(server.url("audit"))
            store.migrate()
            plain = _plain(server.url("audit"))
            single = _single(store)
            batched = _batched(store)
            store.dispose()
    return [
        ("audit events, one a transaction / plain INSERT", single / plain, f"{single:,.0f}/s against {plain:,.0f}/s"),
        (
            "audit events, batches of a plane / plain INSERT",
            batched / plain,
            f"{batched:,.0f}/s against {plain:,.0f}/s",
        ),
    ]


def _plain(url: str) -> float:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE plain (id bigint GENERATED ALWAYS AS IDENTITY, body text)")
        start = time.perf_counter()
        for _ in range(_SINGLE):
            connection.execute("INSERT INTO plain (body) VALUES (%s)", [_event().model_dump_json()])
        return _SINGLE / (time.perf_counter() - start)


def _single(store: Store) -> float:
    audit = AuditLog()
    start = time.perf_counter()
    for _ in range(_SINGLE):
        with store.transaction() as session:
            audit.append(session, _event())
    return _SINGLE / (time.perf_counter() - start)


def _batched(store: Store) -> float:
    audit = AuditLog()
    start = time.perf_counter()
    for _ in range(_BATCHES):
        with store.transaction() as session:
            audit.append_all(session, [_event() for _ in range(_BATCH)])
    return _BATCHES * _BATCH / (time.perf_counter() - start)

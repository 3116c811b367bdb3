"""Durable audit events a second, against plain single-row INSERTs into the same table of a durable PostgreSQL."""

import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path

import psycopg

from bailiwick.control.app import CHECKPOINT_SECONDS
from bailiwick.control.audit import AuditLog, sign_checkpoint
from bailiwick.core.clock import utc_now
from bailiwick.core.events import AuditEvent
from bailiwick.core.statements import SigningKey
from bailiwick.store import Store
from bailiwick.store.embedded import EmbeddedPostgres

_SINGLE, _BATCHES, _BATCH = 400, 20, 500
_WRITERS, _LOAD_SECONDS = 8, 10.0


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
            widest, rate = _checkpoints(store)
            store.dispose()
    return [
        ("audit events, one a transaction / plain INSERT", single / plain, f"{single:,.0f}/s against {plain:,.0f}/s"),
        (
            "audit events, batches of a plane / plain INSERT",
            batched / plain,
            f"{batched:,.0f}/s against {plain:,.0f}/s",
        ),
        (
            "widest gap between signed checkpoints under load / 1 s",
            widest,
            f"{widest * 1000:,.0f} ms while {_WRITERS} writers add {rate:,.0f} events/s",
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


def _checkpoints(store: Store) -> tuple[float, float]:
    """Return the widest gap in seconds between checkpoints while writers never pause, and how many events they add."""
    key, over = SigningKey.generate(), time.perf_counter() + _LOAD_SECONDS
    counts = [0] * _WRITERS

    def write(number: int) -> None:
        while time.perf_counter() < over:
            with store.transaction() as session:
                AuditLog().append(session, _event())
            counts[number] += 1

    writers = [threading.Thread(target=write, args=(number,)) for number in range(_WRITERS)]
    for writer in writers:
        writer.start()
    signed = [time.perf_counter()]
    while time.perf_counter() < over:
        with store.transaction() as session:
            sign_checkpoint(session, key, utc_now)
        signed.append(time.perf_counter())
        time.sleep(CHECKPOINT_SECONDS)
    for writer in writers:
        writer.join()
    return max(later - earlier for earlier, later in pairwise(signed)), sum(counts) / _LOAD_SECONDS


def _batched(store: Store) -> float:
    audit = AuditLog()
    start = time.perf_counter()
    for _ in range(_BATCHES):
        with store.transaction() as session:
            audit.append_all(session, [_event() for _ in range(_BATCH)])
    return _BATCHES * _BATCH / (time.perf_counter() - start)

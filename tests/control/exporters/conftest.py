"""An exporter as it runs: a real log, a real receiver, and clocks that a test moves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr, TypeAdapter

from bailiwick.control.audit import AuditLog
from bailiwick.control.exporter_settings import ExporterOptions, SecretFrom
from bailiwick.control.exporters import ExportWorker
from bailiwick.control.exporters.receivers import make_receiver
from bailiwick.control.exporters.tables import ExporterRow
from bailiwick.core.events import AuditEvent, Outcome
from bailiwick.core.telemetry import declared_gate
from bailiwick.store import Store


class Moment:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def ticks(self) -> float:
        return self.now.timestamp()

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Exporting:
    """A log and one exporter of it."""

    def __init__(self, store: Store, clock: Moment, secrets: dict[str, str], **options: Any) -> None:
        self.store = store
        self.clock = clock
        self.audit = AuditLog(clock)
        self.secrets = secrets
        self.gate = declared_gate()
        self.options: ExporterOptions = TypeAdapter(ExporterOptions).validate_python({"name": "siem", **options})
        self.worker = self.new_worker()

    def new_worker(self) -> ExportWorker:
        """A worker as after a restart: it knows what is in the database, and nothing else."""

        def secret(place: SecretFrom) -> SecretStr:
            return SecretStr(self.secrets[place.env or ""])

        return ExportWorker(
            self.options,
            lambda: make_receiver(self.options, secret),
            store=self.store,
            audit=self.audit,
            gate=lambda _: self.gate,
            clock=self.clock,
            ticks=self.clock.ticks,
        )

    def write(self, count: int, **fields: Any) -> None:
        values = {"actor": "user:a@example.com", "action": "app.created", "time": self.clock(), **fields}
        with self.store.transaction() as session:
            events = [AuditEvent(resource=f"app:finance/desk-{number}", **values) for number in range(count)]
            self.audit.append_all(session, events)

    def run(self, steps: int = 50) -> None:
        """Step until there is nothing to do."""
        for _ in range(steps):
            if self.worker.step() > 0:
                return

    def row(self) -> ExporterRow:
        with self.store.transaction() as session:
            return session.query(ExporterRow).filter(ExporterRow.name == self.options.name).one()

    def set_cursor(self, place: int, *, batch_end: int | None = None) -> None:
        """As it is after a process that died between sending and counting."""
        with self.store.transaction() as session:
            row = session.query(ExporterRow).filter(ExporterRow.name == self.options.name).one()
            row.next_sequence, row.batch_end = place, batch_end
        self.worker = self.new_worker()

    def noted(self, action: str) -> list[AuditEvent]:
        from bailiwick.control.audit import AuditQuery, search

        with self.store.transaction() as session:
            return [item.event for item in search(session, AuditQuery(action=action)).events]


Makes = Callable[..., Exporting]


@pytest.fixture
def clock() -> Moment:
    return Moment()


@pytest.fixture
def exporting(store: Store, clock: Moment) -> Makes:
    def make(secrets: dict[str, str] | None = None, **options: Any) -> Exporting:
        return Exporting(store, clock, secrets or {}, **options)

    return make


__all__ = ["Exporting", "Makes", "Moment", "Outcome"]

"""One exporter at work: reads on in the log, sends, and moves its cursor once the receiver has what was sent."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog, StoredEvent, log_size, moment_at, read_on
from bailiwick.control.exporter_settings import ExporterOptions
from bailiwick.control.exporters.errors import DeliveryError
from bailiwick.control.exporters.flight import Flight
from bailiwick.control.exporters.model import Outgoing, Receiver
from bailiwick.control.exporters.state import delivered, failed, row_of
from bailiwick.control.exporters.tables import ExporterRow
from bailiwick.core.clock import Clock
from bailiwick.core.events import AuditEvent
from bailiwick.core.telemetry import Gate
from bailiwick.store import Store

_LOG = logging.getLogger("bailiwick.control.exporters")
IDLE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Batch:
    """Places from `start` to before `end`, and which events of them go out."""

    start: int
    end: int
    events: Sequence[Outgoing]


class ExportWorker:
    """Drives one exporter, from one thread. All that must outlive the process is in the exporter's row."""

    def __init__(
        self,
        options: ExporterOptions,
        make_receiver: Callable[[], Receiver],
        *,
        store: Store,
        audit: AuditLog,
        gate: Callable[[Session], Gate],
        clock: Clock,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the settings, how a receiver is made (anew after each failure), what says which fields leave, and
        clocks: of the day, and rising.
        """
        self.options = options
        self._make_receiver = make_receiver
        self._store = store
        self._audit = audit
        self._gate = gate
        self._clock = clock
        self._ticks = ticks
        self._receiver: Receiver | None = None
        self._flight = Flight(0)
        self._cursor: int | None = None

    def step(self) -> float:
        """Send one batch where there is one; return how many seconds to wait before the next step."""
        try:
            batch = self._next_batch()
            if batch is None:
                return IDLE_SECONDS
            self._send(batch)
            return 0.0 if batch.end > batch.start else IDLE_SECONDS
        except DeliveryError as fault:
            self._fail(fault.message)
        except Exception as fault:
            _LOG.exception("exporter %s failed by a fault of ours", self.options.name)
            self._fail(f"a fault of ours ({type(fault).__name__}); the control plane's own log has more")
        return IDLE_SECONDS

    def close(self) -> None:
        """Let go of the receiver; what has not settled is sent again by whoever comes next."""
        self._flight.fall()
        self._cursor = None
        self._hang_up()

    def _hang_up(self) -> None:
        if self._receiver is not None:
            self._receiver.close()
            self._receiver = None

    def _next_batch(self) -> _Batch | None:
        """Return what to send, or None while the exporter is paused or waits after a failure."""
        with self._store.transaction() as session:
            row = row_of(session, self.options)
            now = self._clock()
            waits = row.paused or (row.next_attempt is not None and now < row.next_attempt)
            batch = None if waits else self._batch(session, row, now)
        if batch is None:
            self.close()
        return batch

    def _batch(self, session: Session, row: ExporterRow, now: datetime) -> _Batch:
        """Read on. The end of the first batch after the cursor is kept in the row, so that a repeat is the same."""
        if self._cursor != row.next_sequence:
            # Somebody set the cursor, or this is the first step: nothing in flight counts.
            self._flight.fall()
            self._cursor = row.next_sequence
        position = self._flight.position(row.next_sequence)
        planned = row.batch_end if position == row.next_sequence else None
        places: Sequence[StoredEvent] = ()
        if planned is not None:
            places = read_on(session, position, planned - position)
        elif self._due(session, position, now):
            places = read_on(session, position, self.options.batch_events)
        end = places[-1].sequence + 1 if places else position
        if places and position == row.next_sequence:
            row.batch_end = end
        wanted = [(at.sequence, at.event) for at in places if at.event is not None and self._wanted(at.event)]
        gate = self._gate(session) if wanted else None
        events = [Outgoing(place, event, gate) for place, event in wanted if gate is not None]
        return _Batch(position, end, events)

    def _due(self, session: Session, position: int, now: datetime) -> bool:
        """Tell whether what waits is enough, or waits long enough; said without reading it."""
        oldest = moment_at(session, position)
        if oldest is None:
            return False
        enough = log_size(session) - position >= self.options.batch_events
        return enough or (now - oldest).total_seconds() >= self.options.batch_seconds

    def _wanted(self, event: AuditEvent) -> bool:
        options = self.options
        return (not options.actions or event.action.startswith(options.actions)) and (
            not options.outcomes or event.outcome.value in options.outcomes
        )

    def _send(self, batch: _Batch) -> None:
        """Send a batch, which may be empty, and move the cursor over everything that has settled by now."""
        self._check()
        if batch.events:
            if self._receiver is None:
                self._receiver = self._make_receiver()
                self._flight = Flight(self._receiver.settle_seconds)
            self._receiver.deliver(batch.events)
        if batch.end > batch.start:
            self._flight.send(batch.end, len(batch.events), self._ticks())
        settled = self._flight.settle(self._ticks())
        if settled is not None:
            self._move(*settled)

    def _check(self) -> None:
        """Raise `DeliveryError` when something may be lost in flight; a connection that broke idle is made anew."""
        try:
            if self._receiver is not None:
                self._receiver.check()
        except DeliveryError:
            if self._flight.in_the_air:
                raise
            self._hang_up()

    def _move(self, end: int, count: int) -> None:
        with self._store.transaction() as session:
            row = row_of(session, self.options)
            if row.next_sequence != self._cursor:
                self._flight.fall()
                return
            delivered(session, self._audit, row, end, count, self._clock())
            self._cursor = end

    def _fail(self, error: str) -> None:
        self.close()
        with self._store.transaction() as session:
            failed(session, self._audit, row_of(session, self.options), error, self._clock())

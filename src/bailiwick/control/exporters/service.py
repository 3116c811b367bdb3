"""What people do with exporters: see how they fare, test, pause, resume, and send again. Each change is audited."""

import difflib
import time
from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog, event_at, log_size
from bailiwick.control.exporter_settings import ExporterOptions
from bailiwick.control.exporters.errors import DeliveryError
from bailiwick.control.exporters.model import ExporterStatus, Outgoing
from bailiwick.control.exporters.receivers import destination, make_receiver
from bailiwick.control.exporters.state import row_of
from bailiwick.control.exporters.tables import ExporterRow
from bailiwick.control.exporters.worker import ExportWorker
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.vault import SecretReader
from bailiwick.core.clock import Clock
from bailiwick.core.errors import InvalidInputError, NotFoundError
from bailiwick.core.events import Outcome
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.core.telemetry import Gate
from bailiwick.store import Store


class ExportService:
    """The exporters that the settings name. What is in the settings exists; rows only say how far each is."""

    def __init__(
        self,
        options: Sequence[ExporterOptions],
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        secrets: SecretReader,
        gate: Callable[[Session], Gate],
        clock: Clock,
    ) -> None:
        self._options = {item.name: item for item in options}
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._secrets = secrets
        self._gate = gate
        self._clock = clock

    def workers(self) -> list[ExportWorker]:
        """Return a worker for each exporter, to be run."""
        return [self._worker(item) for item in self._options.values()]

    def statuses(self, identity: Identity) -> list[ExporterStatus]:
        """Return how every exporter fares, in the order of the settings."""
        with self._store.transaction() as session:
            self._authorizer.require(session, identity, "exporter.read", ORGANIZATION)
            return [self._status(session, item) for item in self._options.values()]

    def status(self, identity: Identity, name: str) -> ExporterStatus:
        """Return how one exporter fares."""
        with self._store.transaction() as session:
            self._authorizer.require(session, identity, "exporter.read", ORGANIZATION)
            return self._status(session, self._named(name))

    def pause(self, identity: Identity, name: str, reason: str) -> ExporterStatus:
        """Stop sending until somebody resumes it; nothing is lost meanwhile."""
        reason = given_reason(reason)
        return self._change(identity, name, "exporter.paused", reason, _pause)

    def resume(self, identity: Identity, name: str, reason: str = "") -> ExporterStatus:
        """Send again, at once, from where it stopped. Also ends the wait of one that fails."""
        return self._change(identity, name, "exporter.resumed", reason, _resume)

    def replay(self, identity: Identity, name: str, first: int, reason: str) -> ExporterStatus:
        """Go on from another place of the log: back, to send again, or forth, past what a receiver never takes."""

        reason = given_reason(reason)

        def set_cursor(session: Session, row: ExporterRow) -> None:
            size = log_size(session)
            if not 0 <= first <= size:
                raise InvalidInputError(f"the log has places 0 to {size}", hint="bailiwick audit search shows places")
            row.next_sequence, row.batch_end, row.next_attempt = first, None, None

        return self._change(identity, name, "exporter.replayed", reason, set_cursor, first=first)

    def test(self, identity: Identity, name: str) -> float:
        """Send the event of this test by itself, and return how many seconds the receiver took.

        The exporter's cursor stays, so the event comes once more with the rest, under the same id. Raises
        `DeliveryError` with the reason when the receiver does not take it.
        """
        options = self._named(name)
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "exporter.manage", ORGANIZATION)
            who = str(identity.principal)
            place = self._audit.note(
                session, who, "exporter.tested", f"exporter:{name}", deciders=tuple(decision.deciders)
            )
            logged, gate = event_at(session, place), self._gate(session)
        if logged is None:
            raise NotFoundError("the event of this test is gone")
        began = time.monotonic()
        try:
            receiver = make_receiver(options, self._secrets)
            try:
                receiver.deliver([Outgoing(place, logged.event, gate)])
            finally:
                receiver.close()
        except DeliveryError as fault:
            with self._store.transaction() as session:
                self._audit.note(
                    session, who, "exporter.tested", f"exporter:{name}", outcome=Outcome.FAILED, reason=fault.message
                )
            raise
        return time.monotonic() - began

    def exported_before(self, session: Session) -> int | None:
        """Return the place before which every exporter's receiver has everything; None when there are no exporters."""
        return min((row_of(session, item).next_sequence for item in self._options.values()), default=None)

    def _change(
        self,
        identity: Identity,
        name: str,
        action: str,
        reason: str,
        change: Callable[[Session, ExporterRow], None],
        **context: int,
    ) -> ExporterStatus:
        options = self._named(name)
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "exporter.manage", ORGANIZATION)
            row = row_of(session, options)
            facts = {"next_sequence": row.next_sequence, **context}
            change(session, row)
            self._audit.note(
                session,
                str(identity.principal),
                action,
                f"exporter:{name}",
                reason=reason,
                deciders=tuple(decision.deciders),
                context=facts,
            )
            return self._status(session, options)

    def _worker(self, options: ExporterOptions) -> ExportWorker:
        return ExportWorker(
            options,
            lambda: make_receiver(options, self._secrets),
            store=self._store,
            audit=self._audit,
            gate=self._gate,
            clock=self._clock,
        )

    def _named(self, name: str) -> ExporterOptions:
        if name in self._options:
            return self._options[name]
        close = difflib.get_close_matches(name, self._options, n=1)
        words = f"did you mean '{close[0]}'?" if close else "exporters are in the settings, under audit_exporters"
        raise NotFoundError(f"there is no exporter '{name[:60]}'", hint=words)

    def _status(self, session: Session, options: ExporterOptions) -> ExporterStatus:
        row = row_of(session, options)
        return ExporterStatus(
            name=row.name,
            kind=options.kind,
            destination=destination(options),
            next_sequence=row.next_sequence,
            behind=max(0, log_size(session) - row.next_sequence),
            sent=row.sent,
            paused=row.paused,
            failures=row.failures,
            failing_since=row.failing_since,
            last_error=row.last_error,
            last_success=row.last_success,
            next_attempt=row.next_attempt,
        )


def _pause(session: Session, row: ExporterRow) -> None:  # noqa: ARG001 - all changes take both
    row.paused = True


def _resume(session: Session, row: ExporterRow) -> None:  # noqa: ARG001
    row.paused, row.next_attempt = False, None

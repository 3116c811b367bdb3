"""How far an exporter is and how it fares: the row, and each change of it."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog, log_size
from bailiwick.control.exporter_settings import ExporterOptions
from bailiwick.control.exporters.tables import ExporterRow
from bailiwick.core.events import Outcome

ACTOR = "service:audit-export"
_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 300.0
_NOTED_AFTER = timedelta(seconds=60)
_LONGEST_ERROR = 300
_RANDOM = secrets.SystemRandom()


def row_of(session: Session, options: ExporterOptions) -> ExporterRow:
    """Return the exporter's row, locked until the transaction ends; it is made when the exporter is new."""
    locked = select(ExporterRow).where(ExporterRow.name == options.name).with_for_update()
    row = session.scalars(locked).one_or_none()
    if row is not None:
        return row
    start = log_size(session) if options.start == "now" else 0
    new = {"name": options.name, "next_sequence": start, "sent": 0, "paused": False, "failures": 0}
    new |= {"noted": False, "last_error": ""}
    session.execute(upsert(ExporterRow).values(new).on_conflict_do_nothing())
    return session.scalars(locked).one()


def wait_seconds(failures: int) -> float:
    """Return how long to wait after so many failures in a row: doubling up to a limit, and never in step."""
    longest = min(_FIRST_WAIT_SECONDS * 2 ** min(failures - 1, 30), _LONGEST_WAIT_SECONDS)
    return _RANDOM.uniform(longest / 2, longest)


def failed(session: Session, audit: AuditLog, row: ExporterRow, error: str, now: datetime) -> None:
    """Take note of a failure. The log tells of it once it lasts: a receiver that comes and goes must not fill it."""
    row.failures += 1
    row.failing_since = row.failing_since or now
    row.last_error = error[:_LONGEST_ERROR]
    row.next_attempt = now + timedelta(seconds=wait_seconds(row.failures))
    if not row.noted and now - row.failing_since >= _NOTED_AFTER:
        row.noted = True
        audit.note(
            session,
            ACTOR,
            "exporter.failed",
            f"exporter:{row.name}",
            outcome=Outcome.FAILED,
            reason=row.last_error,
            context={"next_sequence": row.next_sequence},
        )


def delivered(session: Session, audit: AuditLog, row: ExporterRow, end: int, count: int, now: datetime) -> None:
    """Move on: the receiver has everything before place `end`, `count` events of it since the last time."""
    row.next_sequence = end
    row.sent += count
    if row.batch_end is not None and row.batch_end <= end:
        row.batch_end = None
    if count:
        row.last_success = now
    _fares_well(session, audit, row)


def _fares_well(session: Session, audit: AuditLog, row: ExporterRow) -> None:
    """Forget failures, and say so in the log where it told of them."""
    if row.noted:
        context = {"failures": row.failures, "next_sequence": row.next_sequence}
        audit.note(session, ACTOR, "exporter.recovered", f"exporter:{row.name}", context=context)
    row.failures, row.failing_since, row.noted, row.next_attempt = 0, None, False, None

"""Reads the audit log in order, for those that pass it on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit.tables import EventRow
from bailiwick.core.events import AuditEvent


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """What is at a place of the log: an event, or None where its retention has ended."""

    sequence: int
    event: AuditEvent | None


def read_on(session: Session, first: int, limit: int) -> Sequence[StoredEvent]:
    """Return up to `limit` places from `first` on, oldest first and without a gap."""
    places = (
        select(EventRow.sequence, EventRow.body)
        .where(EventRow.sequence >= first)
        .order_by(EventRow.sequence)
        .limit(limit)
    )
    return [
        StoredEvent(row.sequence, None if row.body is None else AuditEvent.model_validate_json(row.body))
        for row in session.execute(places)
    ]


def moment_at(session: Session, place: int) -> datetime | None:
    """Return when what is at a place happened, also when its content is gone; None where there is nothing yet."""
    return session.scalar(select(EventRow.time).where(EventRow.sequence == place))

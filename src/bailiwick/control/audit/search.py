"""Search the audit log: by indexed columns, newest first, in pages."""

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from bailiwick.control.audit.model import AuditPage, AuditQuery, LoggedEvent
from bailiwick.control.audit.tables import EventRow
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.events import AuditEvent

MAX_PAGE = 200


def search(session: Session, query: AuditQuery, *, cursor: str = "", limit: int = 50) -> AuditPage:
    """Return a page of events that match, newest first; `cursor` comes from the page before."""
    statement = _filtered(select(EventRow.sequence, EventRow.body), query).where(EventRow.body.is_not(None))
    if cursor:
        if not cursor.isdecimal():
            raise InvalidInputError("this cursor is not one of ours", hint="start again without a cursor")
        statement = statement.where(EventRow.sequence < int(cursor))
    wanted = min(max(limit, 1), MAX_PAGE)
    rows = session.execute(statement.order_by(EventRow.sequence.desc()).limit(wanted + 1)).all()
    page = tuple(LoggedEvent(row.sequence, AuditEvent.model_validate_json(row.body)) for row in rows[:wanted])
    more = len(rows) > wanted
    return AuditPage(page, str(page[-1].sequence) if more else "")


def event_at(session: Session, sequence: int) -> LoggedEvent | None:
    """Return the event at a place, or None."""
    body = session.scalar(select(EventRow.body).where(EventRow.sequence == sequence))
    return LoggedEvent(sequence, AuditEvent.model_validate_json(body)) if body is not None else None


def _filtered(statement: Select[int, bytes], query: AuditQuery) -> Select[int, bytes]:
    exact = {
        EventRow.actor: query.actor,
        EventRow.action: query.action,
        EventRow.resource: query.resource,
        EventRow.outcome: query.outcome,
        EventRow.app: query.app,
        EventRow.trace: query.trace,
    }
    for column, wanted in exact.items():
        if wanted:
            statement = statement.where(column == wanted)
    if query.since:
        statement = statement.where(EventRow.time >= query.since)
    if query.until:
        statement = statement.where(EventRow.time < query.until)
    if query.text:
        readable = func.convert_from(EventRow.body, "UTF8")
        statement = statement.where(readable.icontains(query.text, autoescape=True))
    return statement

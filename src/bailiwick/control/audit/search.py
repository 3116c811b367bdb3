"""Search the audit log: by indexed columns, newest first, in pages."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ARRAY, ColumnElement, Select, String, cast, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from bailiwick.control.audit.model import AuditPage, AuditQuery, LoggedEvent
from bailiwick.control.audit.tables import EventRow
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.events import AuditEvent

MAX_PAGE = 200


def search(session: Session, query: AuditQuery, *, cursor: str = "", limit: int = 50) -> AuditPage:
    """Return a page of events that match, newest first; `cursor` comes from the page before."""
    statement = _filtered(select(EventRow.sequence, EventRow.body), query)
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


def last_by_actor(session: Session, actors: Collection[str]) -> dict[str, datetime]:
    """Return when each of these actors last did anything, by written name, without those who never did."""
    return _last(session, EventRow.actor, actors)


def last_on_resource(session: Session, resources: Collection[str], action: str) -> dict[str, datetime]:
    """Return when an action was last done to each of these resources, without those where it never was."""
    return _last(session, EventRow.resource, resources, EventRow.action == action)


def _last(
    session: Session, column: InstrumentedAttribute[str], names: Collection[str], *where: ColumnElement[bool]
) -> dict[str, datetime]:
    """Look into the index once for each name: the log may be far longer than the list of names."""
    if not names:
        return {}
    asked = func.unnest(cast(sorted(names), ARRAY(String))).table_valued("name", name="asked")
    newest = select(EventRow.time).where(column == asked.c.name, *where).order_by(EventRow.sequence.desc())
    found = newest.limit(1).lateral("newest")
    return {row.name: row.time for row in session.execute(select(asked.c.name, found.c.time).join(found, true()))}


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

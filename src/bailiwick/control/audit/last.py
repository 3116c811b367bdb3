"""When somebody last did anything, and when something was last done to a resource, for many at once."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ARRAY, ColumnElement, String, cast, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from bailiwick.control.audit.tables import EventRow


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

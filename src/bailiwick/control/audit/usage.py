"""Who used what, out of the audit log: for each actor or app and place the last time and how often of late."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from bailiwick.control.audit.tables import EventRow
from bailiwick.core.events import AuditEvent, Outcome

_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Use:
    """That somebody did something somewhere: `who` is an actor or an app, `where` a written name."""

    who: str
    where: str
    last: datetime
    recent: int


def used_by_actors(session: Session, actors: Collection[str], since: datetime) -> Iterator[Use]:
    """Yield where actors did what was allowed, by the app it went through or else the resource it was done to.

    `recent` counts from `since` on, `last` looks at the whole log.
    """
    place = case((EventRow.app != "", func.concat("app:", EventRow.app)), else_=EventRow.resource)
    recent = func.count().filter(EventRow.time >= since)
    known = sorted(actors)
    for first in range(0, len(known), _AT_ONCE):
        query = (
            select(EventRow.actor, place, func.max(EventRow.time), recent)
            .where(EventRow.actor.in_(known[first : first + _AT_ONCE]), EventRow.outcome == Outcome.SUCCESS.value)
            .group_by(EventRow.actor, place)
        )
        for row in session.execute(query):
            yield Use(*row)


def used_by_apps(session: Session, action: str, since: datetime) -> Iterator[Use]:
    """Yield which resources apps did an action to that was allowed, by the app's path."""
    recent = func.count().filter(EventRow.time >= since)
    query = (
        select(EventRow.app, EventRow.resource, func.max(EventRow.time), recent)
        .where(EventRow.action == action, EventRow.outcome == Outcome.SUCCESS.value, EventRow.app != "")
        .group_by(EventRow.app, EventRow.resource)
    )
    for row in session.execute(query):
        yield Use(*row)


def successes_on(
    session: Session, resource: str, *, app: str, actions: Collection[str], since: datetime, limit: int
) -> list[AuditEvent]:
    """Return what an app did to a resource that was allowed, since a time, the newest `limit` at most, newest first."""
    query = (
        select(EventRow.body)
        .where(
            EventRow.resource == resource,
            EventRow.app == app,
            EventRow.action.in_(sorted(actions)),
            EventRow.outcome == Outcome.SUCCESS.value,
            EventRow.time >= since,
            EventRow.body.is_not(None),
        )
        .order_by(EventRow.sequence.desc())
        .limit(limit)
    )
    return [AuditEvent.model_validate_json(body) for body in session.scalars(query) if body is not None]


def times_on(
    session: Session, resource: str, *, actions: Collection[str], since: datetime, limit: int
) -> list[tuple[datetime, str, str]]:
    """Return when, through which app and by whom something was done to a resource: the newest, oldest first."""
    query = (
        select(EventRow.time, EventRow.app, EventRow.actor)
        .where(EventRow.resource == resource, EventRow.action.in_(actions), EventRow.time >= since)
        .where(EventRow.outcome == Outcome.SUCCESS.value)
        .order_by(EventRow.sequence.desc())
        .limit(limit)
    )
    return sorted((row.time, row.app, row.actor) for row in session.execute(query))

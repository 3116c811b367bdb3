"""Egress as it is kept: planes tell of some seconds, minutes are kept for 90 days, people see hosts and hours."""

from collections import Counter
from dataclasses import fields, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.observe.model import EgressLine, EgressPoint
from bailiwick.control.observe.tables import EgressRollupRow
from bailiwick.core.messages import EgressRollup

_KEPT = timedelta(days=90)
_MOST_LINES = 500
_SUMMED = ("connections", "requests", "sent", "received", "refused")


def add(session: Session, plane: str, rollup: EgressRollup) -> None:
    """Add a period to the minute that it began in; the reports of a plane are taken once each."""
    row = EgressRollupRow
    minute = rollup.start.replace(second=0, microsecond=0)
    session.execute(delete(row).where(row.start < minute - _KEPT))
    key = {"app": rollup.app, "mode": rollup.mode, "start": minute, "plane": plane}
    for seen in sorted(rollup.hosts, key=lambda item: item.address):
        own = (row.app == rollup.app, row.mode == rollup.mode, row.start == minute, row.plane == plane)
        people = session.scalar(select(row.people).where(*own, row.address == seen.address).with_for_update()) or {}
        merged = dict((Counter(people) + Counter(seen.people)).most_common(50))
        statement = insert(row).values(**key, **{**seen.model_dump(), "people": merged})
        said = statement.excluded
        changed = {name: getattr(row, name) + said[name] for name in _SUMMED}
        reason = func.coalesce(func.nullif(said.reason, ""), row.reason)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant", "app", "mode", "start", "plane", "address"],
                set_={**changed, "reason": reason, "last": said.last, "people": merged},
            )
        )


def lines(session: Session, app: str, since: datetime) -> list[EgressLine]:
    """Return what an app did at each host in each mode since then, what it called last first."""
    row = EgressRollupRow
    query = select(row).where(row.app == app, row.start >= since).order_by(row.start)
    found: dict[tuple[str, str, str], EgressLine] = {}
    for item in session.scalars(query):
        line = EgressLine(**{field.name: getattr(item, field.name) for field in fields(EgressLine)})
        key = (item.mode, item.address, item.protocol)
        found[key] = _both(found[key], line) if key in found else line
    return sorted(found.values(), key=lambda line: line.last, reverse=True)[:_MOST_LINES]


def _both(was: EgressLine, line: EgressLine) -> EgressLine:
    """Return two periods as one."""
    sums = {name: getattr(was, name) + getattr(line, name) for name in _SUMMED}
    people = dict(Counter(was.people) + Counter(line.people))
    return replace(was, **sums, reason=line.reason or was.reason, last=max(was.last, line.last), people=people)


def points(session: Session, app: str, since: datetime) -> list[EgressPoint]:
    """Return an app's egress in production hour by hour, to all hosts together."""
    row = EgressRollupRow
    hour = func.date_trunc("hour", row.start)
    sums = (func.sum(row.connections), func.sum(row.sent), func.sum(row.received), func.sum(row.refused))
    query = select(hour, *sums).where(row.app == app, row.mode == "production", row.start >= since)
    return [EgressPoint(item[0], *map(int, item[1:])) for item in session.execute(query.group_by(hour).order_by(hour))]

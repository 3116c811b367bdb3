"""Legal holds: what matches one does not expire, however old it is. The database itself heeds them too."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit.tables import EventRow, HoldRow


@dataclass(frozen=True, slots=True)
class Scope:
    """Which events a hold keeps: those that match every field that is not empty. All empty means every event.

    `app` matches what was done through the app and what was done to it; `since` counts, `until` does not.
    """

    actor: str = ""
    app: str = ""
    resource: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold: who placed it when and why, and who lifted it, if anybody did."""

    name: str
    scope: Scope
    reason: str
    placed_by: str
    placed: datetime
    lifted_by: str = ""
    lifted: datetime | None = None


def add_hold(session: Session, hold: Hold) -> bool:
    """Keep a hold; return False, and change nothing, when its name was ever used before."""
    values = {**asdict(hold.scope), "name": hold.name, "reason": hold.reason, "placed_by": hold.placed_by}
    row = insert(HoldRow).values(**values, placed=hold.placed, lifted_by=hold.lifted_by, lifted=hold.lifted)
    return session.scalar(row.on_conflict_do_nothing().returning(HoldRow.name)) is not None


def all_holds(session: Session) -> list[Hold]:
    """Return every hold by name, also those that were lifted."""
    return [_hold(row) for row in session.scalars(select(HoldRow).order_by(HoldRow.name))]


def end_hold(session: Session, name: str, *, by: str, now: datetime) -> None:
    """Take note that a hold was lifted."""
    session.execute(update(HoldRow).where(HoldRow.name == name).values(lifted_by=by, lifted=now))


def _hold(row: HoldRow) -> Hold:
    scope = Scope(row.actor, row.app, row.resource, row.since, row.until)
    return Hold(row.name, scope, row.reason, row.placed_by, row.placed, row.lifted_by, row.lifted)


def held() -> ColumnElement[bool]:
    """Return the condition that a hold keeps an event; the database's own function for expiry has the same one."""
    matches = (
        select(HoldRow.name)
        .where(
            HoldRow.tenant == EventRow.tenant,
            HoldRow.lifted.is_(None),
            or_(HoldRow.actor == "", HoldRow.actor == EventRow.actor),
            or_(HoldRow.app == "", HoldRow.app == EventRow.app, EventRow.resource == "app:" + HoldRow.app),
            or_(HoldRow.resource == "", HoldRow.resource == EventRow.resource),
            or_(HoldRow.since.is_(None), EventRow.time >= HoldRow.since),
            or_(HoldRow.until.is_(None), EventRow.time < HoldRow.until),
        )
        .correlate(EventRow)
    )
    return matches.exists()

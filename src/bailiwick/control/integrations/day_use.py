"""What passed today of what grants limit by the day, as planes last told."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.integrations.tables import DayUseRow
from bailiwick.core.messages import DayUseReport
from bailiwick.core.principals import Identity


@dataclass(frozen=True, slots=True)
class DayUse:
    """What a plane last told of an app's use of an integration today."""

    plane: str
    report: DayUseReport

    def without_names(self) -> "DayUse":
        """Return it for whoever may see how much passed, and not for whom."""
        tables = tuple(
            table.model_copy(
                update={"nearest": tuple(one.model_copy(update={"person": ""}) for one in table.nearest[:1])}
            )
            for table in self.report.tables
        )
        return DayUse(self.plane, self.report.model_copy(update={"tables": tables}))


def take_day_use(session: Session, plane: str, report: DayUseReport) -> None:
    """Keep what a plane tells."""
    own = {"app": report.app, "integration": report.integration, "plane": plane}
    said = {"day": report.day, "report": report.model_dump(mode="json")}
    row = insert(DayUseRow).values(**own, **said)
    session.execute(row.on_conflict_do_update(index_elements=["tenant", *own], set_=said))


def day_uses_for(
    session: Session, authorizer: Authorizer, identity: Identity, now: datetime, *, app: str = "", integration: str = ""
) -> list[DayUse]:
    """Return what passed today, with the names of people for whoever looks after integrations only.

    Whether somebody may see the app or the integration at all, the caller has asked.
    """
    found = day_uses(session, now, app=app, integration=integration)
    named = bool(found) and authorizer.decide(session, identity, "integration.manage", ORGANIZATION).allowed
    return found if named else [item.without_names() for item in found]


def day_uses(session: Session, now: datetime, *, app: str = "", integration: str = "") -> list[DayUse]:
    """Return what passed on the day of a moment (UTC), of an app or an integration, or of all."""
    row = DayUseRow
    query = select(row).where(row.day == now.astimezone(UTC).date()).order_by(row.app, row.integration, row.plane)
    query = query.where(row.app == app) if app else query
    query = query.where(row.integration == integration) if integration else query
    return [DayUse(found.plane, DayUseReport.model_validate(found.report)) for found in session.scalars(query)]

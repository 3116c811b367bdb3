"""How near integrations come to their limits, and how their breakers stand, as planes last told."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.integrations.tables import PressureRow
from bailiwick.core.messages import LimitsReport


@dataclass(frozen=True, slots=True)
class Pressure:
    """What a plane last told of an integration."""

    plane: str
    report: LimitsReport

    def is_fresh(self, now: datetime) -> bool:
        """Whether it says something of now: one that is a minute old says what was."""
        return (now - self.report.time).total_seconds() < 60  # noqa: PLR2004 - a minute


def take_pressure(session: Session, plane: str, report: LimitsReport) -> None:
    """Keep what a plane tells."""
    said = {"report": report.model_dump(mode="json"), "time": report.time}
    row = insert(PressureRow).values(integration=report.integration, plane=plane, **said)
    session.execute(row.on_conflict_do_update(index_elements=["tenant", "integration", "plane"], set_=said))


def pressures(session: Session) -> dict[str, list[Pressure]]:
    """Return what planes last told, by integration."""
    found: dict[str, list[Pressure]] = {}
    for row in session.scalars(select(PressureRow).order_by(PressureRow.integration, PressureRow.plane)):
        found.setdefault(row.integration, []).append(Pressure(row.plane, LimitsReport.model_validate(row.report)))
    return found

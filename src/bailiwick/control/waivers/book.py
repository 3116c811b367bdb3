"""Which waivers are in force: read at the moment of each decision, so that none outlives its time."""

from dataclasses import fields

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.review import Severity, Waived
from bailiwick.control.waivers.model import Waiver, WaiverState
from bailiwick.control.waivers.tables import WaiverRow
from bailiwick.core.clock import Clock


class WaiverBook:
    """Answers reviews. The caller brings the transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def in_force(self, session: Session, app_path: str) -> tuple[Waived, ...]:
        """Return the waivers of an app that are approved and whose time is not over."""
        query = select(WaiverRow).where(
            WaiverRow.app == app_path, WaiverRow.state == WaiverState.APPROVED, WaiverRow.until > self._clock()
        )
        return tuple(
            Waived(row.id, row.fingerprint, row.until, row.flow, Severity[row.severity.upper()])
            for row in session.scalars(query.order_by(WaiverRow.id))
        )


def waiver_of(row: WaiverRow) -> Waiver:
    """Return a row as a value."""
    facts = {item.name: getattr(row, item.name) for item in fields(Waiver)}
    return Waiver(**{**facts, "state": WaiverState(row.state)})

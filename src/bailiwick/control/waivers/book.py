"""Which waivers are in force, as reviews ask for them."""

from sqlalchemy.orm import Session

from bailiwick.control.exceptions import in_force, value_of
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
        return tuple(
            Waived(row.id, row.fingerprint, row.until, row.flow, Severity[row.severity.upper()])
            for row in in_force(session, WaiverRow, app_path, self._clock())
        )


def waiver_of(row: WaiverRow) -> Waiver:
    """Return a row as a value."""
    return value_of(Waiver, row, state=WaiverState(row.state))

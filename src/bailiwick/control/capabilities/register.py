"""Which capabilities are open, as reviews, deploys and planes ask for them."""

from sqlalchemy.orm import Session

from bailiwick.control.capabilities.model import OpenedCapability
from bailiwick.control.capabilities.tables import CapabilityRow
from bailiwick.control.exceptions import in_force, value_of
from bailiwick.core.clock import Clock


class CapabilityRegister:
    """Answers reviews, deploys and what planes get. The caller brings the transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def in_force(self, session: Session, app_path: str) -> tuple[OpenedCapability, ...]:
        """Return what is open for an app now, by name."""
        rows = in_force(session, CapabilityRow, app_path, self._clock())
        return tuple(opened_of(row) for row in sorted(rows, key=lambda row: row.capability))

    def names(self, session: Session, app_path: str) -> tuple[str, ...]:
        """Return the names of what is open for an app now, in order."""
        return tuple(item.capability for item in self.in_force(session, app_path))


def opened_of(row: CapabilityRow) -> OpenedCapability:
    """Return a row as a value."""
    return value_of(OpenedCapability, row)

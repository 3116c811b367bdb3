"""Which capabilities are open: read at the moment of each decision, so that none outlives its time."""

from dataclasses import fields

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.capabilities.model import OpenedCapability
from bailiwick.control.capabilities.tables import CapabilityRow
from bailiwick.core.clock import Clock


class CapabilityRegister:
    """Answers reviews, deploys and what planes get. The caller brings the transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def in_force(self, session: Session, app_path: str) -> tuple[OpenedCapability, ...]:
        """Return what is open for an app now, by name."""
        query = select(CapabilityRow).where(
            CapabilityRow.app == app_path, CapabilityRow.ended_at.is_(None), CapabilityRow.until > self._clock()
        )
        return tuple(opened_of(row) for row in session.scalars(query.order_by(CapabilityRow.capability)))

    def names(self, session: Session, app_path: str) -> tuple[str, ...]:
        """Return the names of what is open for an app now, in order."""
        return tuple(item.capability for item in self.in_force(session, app_path))


def opened_of(row: CapabilityRow) -> OpenedCapability:
    """Return a row as a value."""
    return OpenedCapability(**{item.name: getattr(row, item.name) for item in fields(OpenedCapability)})

"""Events of a long transaction, gathered and added at its end: the tree is locked once, and not for long."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from bailiwick.control.audit.log import AuditLog
from bailiwick.core.events import AuditEvent


@dataclass(frozen=True, slots=True)
class GatheringLog(AuditLog):
    """A log for one transaction, whose owner calls `write` before it commits."""

    gathered: list[AuditEvent] = field(default_factory=list)

    def append_all(self, session: Session, events: Sequence[AuditEvent]) -> int:
        """Gather events in order; return the place of the first among those gathered."""
        del session
        first = len(self.gathered)
        self.gathered.extend(events)
        return first

    def write(self, session: Session) -> None:
        """Add what was gathered to the tree."""
        events = list(self.gathered)
        self.gathered.clear()
        if events:
            AuditLog.append_all(self, session, events)

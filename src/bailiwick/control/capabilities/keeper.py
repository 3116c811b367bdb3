"""The end of capabilities whose time is over: in the audit log, and told to reviews and planes."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.capabilities.model import KEEPER
from bailiwick.control.capabilities.tables import CapabilityRow
from bailiwick.core.clock import Clock
from bailiwick.store import Store

_AT_ONCE = 200


class CapabilityKeeper:
    """Safe to repeat. Nothing is open after its time whether this has run or not; planes hear of it by this."""

    def __init__(
        self, *, store: Store, audit: AuditLog, on_change: Callable[[Session, str, str], None], clock: Clock
    ) -> None:
        """`on_change` is told of the app, and why, in the transaction in which a capability ends."""
        self._store = store
        self._audit = audit
        self._on_change = on_change
        self._clock = clock

    def keep(self) -> None:
        """Write down what ended, a few in each transaction."""
        while self._end_some():
            pass

    def _end_some(self) -> bool:
        now = self._clock()
        with self._store.transaction() as session:
            over = CapabilityRow.ended_at.is_(None), CapabilityRow.until <= now
            rows = session.scalars(select(CapabilityRow).where(*over).limit(_AT_ONCE).with_for_update()).all()
            for row in rows:
                row.ended_by, row.ended_at, row.end_reason = KEEPER, now, "its time is over"
                self._audit.note(
                    session,
                    KEEPER,
                    "capability.closed",
                    f"app:{row.app}",
                    reason=row.end_reason,
                    app=row.app,
                    context={"capability": row.capability},
                )
                self._on_change(session, row.app, f"{row.capability} is not open any more")
            return len(rows) == _AT_ONCE

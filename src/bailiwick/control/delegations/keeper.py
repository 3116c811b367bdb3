"""Ends delegations by themselves: their time is over, either person left, or the delegator has nothing to hand over."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.delegations.service import DelegationService, facts_of
from bailiwick.control.delegations.tables import DelegationRow
from bailiwick.control.identity import people_called
from bailiwick.core.clock import Clock
from bailiwick.store import Store

ACTOR = "service:delegations"
_AT_ONCE = 200


class DelegationKeeper:
    """Safe to repeat. None counts after its end whether this has run or not; this makes the end last, and known."""

    def __init__(self, service: DelegationService, *, store: Store, audit: AuditLog, clock: Clock) -> None:
        self._service = service
        self._store = store
        self._audit = audit
        self._clock = clock

    def keep(self) -> None:
        """End what must end, a few in each transaction."""
        after: str | None = ""
        while after is not None:
            after = self._some(after)

    def _some(self, after: str) -> str | None:
        """Look at some; return the last one's id, or None when there are no more."""
        with self._store.transaction() as session:
            query = select(DelegationRow).where(DelegationRow.ended_at.is_(None), DelegationRow.id > after)
            rows = session.scalars(query.order_by(DelegationRow.id).limit(_AT_ONCE).with_for_update()).all()
            for row in rows:
                why = self._why(session, row)
                if why:
                    row.ended_at, row.ended_by, row.end_reason = self._clock(), ACTOR, why
                    self._audit.note(
                        session, ACTOR, "delegation.ended", row.delegator, reason=why, context=facts_of(row)
                    )
            return rows[-1].id if len(rows) == _AT_ONCE else None

    def _why(self, session: Session, row: DelegationRow) -> str:
        """Return why one must end, or nothing."""
        if self._clock() >= row.until:
            return "its time is over"
        here = {str(one.principal): one for one in people_called(session, {row.delegator, row.delegate})}
        for name in (row.delegator, row.delegate):
            if name not in here:
                return f"{name} is no longer here"
        if not self._service.still_may(session, here[row.delegator], row.folder):
            return f"{row.delegator} approves nothing there any more"
        return ""

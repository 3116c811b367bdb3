"""What becomes of waivers by themselves: a warning a week before they end, and their end in the audit log."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.waivers.model import KEEPER, WARN_BEFORE, WaiverState
from bailiwick.control.waivers.service import waiver_facts
from bailiwick.control.waivers.tables import WaiverRow
from bailiwick.core.clock import Clock
from bailiwick.store import Store

_AT_ONCE = 200


class WaiverKeeper:
    """Safe to repeat. A waiver lets nothing pass after its time whether this has run or not."""

    def __init__(
        self, *, store: Store, audit: AuditLog, on_change: Callable[[Session, str, str], None], clock: Clock
    ) -> None:
        """`on_change` is told of the app, and why, in the transaction in which a waiver ends."""
        self._store = store
        self._audit = audit
        self._on_change = on_change
        self._clock = clock

    def keep(self) -> None:
        """Write down what ended, and warn of what ends soon, a few in each transaction."""
        while self._end_some() or self._warn_of_some():
            pass

    def _end_some(self) -> bool:
        now = self._clock()
        over = WaiverRow.state.in_((WaiverState.APPROVED, WaiverState.REQUESTED)), WaiverRow.until <= now
        with self._store.transaction() as session:
            query = select(WaiverRow).where(*over).order_by(WaiverRow.until).limit(_AT_ONCE)
            rows = session.scalars(query.with_for_update(skip_locked=True)).all()
            for row in rows:
                given = row.state == WaiverState.APPROVED
                row.state, row.ended_by, row.ended_at = WaiverState.ENDED, KEEPER, now
                row.end_reason = "its time is over" if given else "nobody decided about it in time"
                self._note(session, "waiver.ended", row, row.end_reason)
                if given:
                    self._on_change(session, row.app, f"waiver {row.id} ended")
            return len(rows) == _AT_ONCE

    def _warn_of_some(self) -> bool:
        now = self._clock()
        with self._store.transaction() as session:
            query = select(WaiverRow).where(
                WaiverRow.state == WaiverState.APPROVED,
                WaiverRow.warned_at.is_(None),
                WaiverRow.until <= now + WARN_BEFORE,
            )
            rows = session.scalars(query.limit(_AT_ONCE).with_for_update(skip_locked=True)).all()
            for row in rows:
                row.warned_at = now
                # A waiver that was given for less than a week is no news.
                if row.decided_at is not None and row.until - row.decided_at > WARN_BEFORE:
                    self._note(session, "waiver.ending", row, f"it ends on {row.until:%Y-%m-%d}")
            return len(rows) == _AT_ONCE

    def _note(self, session: Session, action: str, row: WaiverRow, reason: str) -> None:
        self._audit.note(
            session, KEEPER, action, f"app:{row.app}", reason=reason, app=row.app, context=waiver_facts(row)
        )

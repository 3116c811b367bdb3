"""What becomes of exceptions by themselves: a warning a week before they end, and their end in the audit log."""

from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.exceptions.desk import OnChange
from bailiwick.control.exceptions.kind import WARN_BEFORE, Kind
from bailiwick.control.exceptions.rows import ExceptionRow
from bailiwick.core.clock import Clock
from bailiwick.store import Store

_AT_ONCE = 200


class ExceptionKeeper:
    """Safe to repeat. Nothing is in force after its time whether this has run or not; others hear of it by this."""

    def __init__(self, kind: Kind, *, store: Store, audit: AuditLog, on_change: OnChange, clock: Clock) -> None:
        """`on_change` is told of the app, and why, in the transaction in which something that was given ends."""
        self._kind = kind
        self._store = store
        self._audit = audit
        self._on_change = on_change
        self._clock = clock

    def keep(self) -> None:
        """Write down what ended, and warn of what ends soon, a few in each transaction."""
        while self._end_some() or self._warn_of_some():
            pass

    def _end_some(self) -> bool:
        kind, now = self._kind.row, self._clock()
        return self._each((kind.stands(), kind.until <= now), self._end)

    def _warn_of_some(self) -> bool:
        kind, now = self._kind.row, self._clock()
        return self._each((kind.given(), kind.warned_at.is_(None), kind.until <= now + WARN_BEFORE), self._warn)

    def _each(self, wanted: Sequence[ColumnElement[bool]], do: Callable[[Session, ExceptionRow], None]) -> bool:
        """Do something with some rows; return whether there may be more."""
        kind = self._kind.row
        with self._store.transaction() as session:
            query = select(kind).where(*wanted).order_by(kind.until).limit(_AT_ONCE)
            rows = session.scalars(query.with_for_update(skip_locked=True)).all()
            for row in rows:
                do(session, row)
            return len(rows) == _AT_ONCE

    def _end(self, session: Session, row: ExceptionRow) -> None:
        given = row.is_given
        reason = "its time is over" if given else "nobody decided about it in time"
        row.end(self._kind.keeper, self._clock(), reason)
        self._note(session, self._kind.ended, row, reason)
        if given:
            self._on_change(session, row.app, row.gone)

    def _warn(self, session: Session, row: ExceptionRow) -> None:
        row.warned_at = self._clock()
        # What was given for less than a week is no news.
        if row.given_at is not None and row.until - row.given_at > WARN_BEFORE:
            self._note(session, self._kind.ending, row, f"it ends on {row.until:%Y-%m-%d}")

    def _note(self, session: Session, action: str, row: ExceptionRow, reason: str) -> None:
        by = self._kind.keeper
        self._audit.note(session, by, action, f"app:{row.app}", reason=reason, app=row.app, context=row.facts)

"""Trials: what a plane stopped by itself is let run again for a part of its requests, and then for all or not at all.

A plane only stops; whether and when something is tried again is decided here, so that a plane which hears nothing keeps
it stopped. What was stopped for security, or by hand, is never tried.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.guardrails import rails_in_force
from bailiwick.control.stops.model import Lifted, StopChange, Stopped
from bailiwick.control.stops.tables import KillRow
from bailiwick.core.clock import Clock
from bailiwick.core.guardrails import RecoveryRails, guardrails_of, settings_for
from bailiwick.core.messages import KillReport
from bailiwick.core.modes import PREVIEW, PRODUCTION
from bailiwick.core.stops import StopKind, StopScope
from bailiwick.store import Store

KEEPER = "service:guard"
_LEAST_ANSWERED = 3
# How many requests an app answered in a mode since a time.
Answered = Callable[[Session, str, str, datetime], int]


class Trials:
    """Each move is one transaction under the stop's row lock, with its audit event; `keep` is called time and again."""

    def __init__(
        self, *, store: Store, audit: AuditLog, answered: Answered, clock: Clock, notify: Callable[[StopChange], None]
    ) -> None:
        self._store = store
        self._audit = audit
        self._answered = answered
        self._clock = clock
        self._notify = notify

    def first(self, session: Session, scope: StopScope, report: KillReport) -> datetime | None:
        """Return when what was just stopped is tried for the first time, None for never."""
        rails = _rails_of(session, report.app, report.mode)
        if report.security or scope.kind is not StopKind.APP or not rails.cool_down_seconds:
            return None
        return self._clock() + timedelta(seconds=rails.cool_down_seconds)

    def failed(self, session: Session, scope: StopScope, report: KillReport, evidence: str) -> None:
        """Take in that a plane stopped again what is on trial; do nothing where nothing is."""
        own = (KillRow.kind == scope.kind, KillRow.subject == scope.subject, KillRow.mode == report.mode)
        query = select(KillRow).where(*own, KillRow.revived_at.is_(None), KillRow.trial_since.is_not(None))
        row = session.scalars(query.with_for_update()).first()
        if row is None:
            return
        rails = _rails_of(session, report.app, report.mode)
        row.attempt += 1
        row.trial_since, row.because, row.evidence, row.rule = None, report.because, evidence, report.rule
        row.security = row.security or report.security
        again = rails.cool_down_seconds and row.attempt < rails.attempts and not row.security
        wait = timedelta(seconds=rails.cool_down_seconds * 2**row.attempt)
        row.retry_at = self._clock() + wait if again else None
        self._note(session, row, "app.trial-failed", report.because, "by hand only" if not again else "")
        mode = PREVIEW if report.mode == PREVIEW else PRODUCTION
        told = Stopped(scope, (mode,), report.because)
        self._store.after_commit(session, lambda: self._notify(told))

    def keep(self) -> None:
        """Begin the trials whose time has come, and bring back what was well in its own; safe to repeat."""
        with self._store.transaction() as session:
            query = select(KillRow).where(
                KillRow.revived_at.is_(None), KillRow.retry_at.is_not(None) | KillRow.trial_since.is_not(None)
            )
            moved = [self._move(session, row) for row in session.scalars(query.with_for_update(skip_locked=True))]
            if any(moved):
                self._store.after_commit(session, lambda: self._notify(Lifted()))

    def _move(self, session: Session, row: KillRow) -> bool:
        now = self._clock()
        rails = _rails_of(session, row.subject, row.mode)
        if row.trial_since is None:
            if row.retry_at is None or row.retry_at > now:
                return False
            row.trial_since, row.retry_at = now, None
            words = f"{rails.share:.0%} of its requests are let through for {rails.seconds:g} s"
            self._note(session, row, "app.tried-again", words)
            return True
        if now < row.trial_since + timedelta(seconds=rails.seconds):
            return False
        answered = self._answered(session, row.subject, row.mode, row.trial_since)
        if answered < _LEAST_ANSWERED:
            return False
        row.revived_by, row.revived_at, row.trial_since = KEEPER, now, None
        row.revive_reason = f"it was well for {rails.seconds:g} s, with {answered} requests"
        self._note(session, row, "app.revived", row.revive_reason)
        return True

    def _note(self, session: Session, row: KillRow, action: str, reason: str, after: str = "") -> None:
        self._audit.note(
            session,
            KEEPER,
            action,
            f"app:{row.subject}",
            reason=reason,
            app=row.subject,
            context={
                "stop": row.id,
                "mode": row.mode,
                "rule": row.rule,
                "attempt": row.attempt,
                "next": after or (row.retry_at.isoformat() if row.retry_at else ""),
            },
        )


def _rails_of(session: Session, app: str, mode: str) -> RecoveryRails:
    return guardrails_of(settings_for(rails_in_force(session), app, mode)).recovery

"""Grants that were taken back from one app: its release still names the integration, and no query of it passes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import Authorizer
from bailiwick.control.integrations.errors import UnknownIntegrationError
from bailiwick.control.integrations.tables import IntegrationRow, WithdrawnGrantRow
from bailiwick.core.errors import NotFoundError
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """That an app gets nothing of an integration any more, by whom, why and since when."""

    app: str
    integration: str
    by: str
    reason: str
    time: datetime


class GrantWithdrawals:
    """Takes grants back and gives them again. Approving another deploy does not: somebody must restore the grant."""

    def __init__(self, *, store: Store, audit: AuditLog, authorizer: Authorizer, on_change: Callable[[], None]) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._on_change = on_change

    def withdraw(self, identity: Identity, app: str, integration: str, reason: str) -> None:
        """Take an app's grant on an integration back, in every mode, at once."""
        reason = given_reason(reason, what="taking a grant back")
        with self._store.transaction() as session:
            self._authorizer.require(session, identity, "grant.give", f"integration:{integration}", {"app": app})
            if session.scalar(select(IntegrationRow.name).where(IntegrationRow.name == integration)) is None:
                raise UnknownIntegrationError(f"there is no integration '{integration[:60]}'")
            self.take(session, str(identity.principal), app, integration, reason)
            self._store.after_commit(session, self._on_change)

    def take(self, session: Session, by: str, app: str, integration: str, reason: str) -> bool:
        """Take a grant back in the caller's transaction, whose caller asked policy and tells planes afterwards.

        Returns whether it was not taken back before.
        """
        row = insert(WithdrawnGrantRow).values(
            app=app, integration=integration, by=by, reason=reason, time=self._audit.clock()
        )
        if session.scalar(row.on_conflict_do_nothing().returning(WithdrawnGrantRow.app)) is None:
            return False
        self._audit.note(
            session,
            by,
            "grant.withdrawn",
            f"integration:{integration}",
            reason=reason,
            app=app,
            context={"app": app},
        )
        return True

    def restore(self, identity: Identity, app: str, integration: str, reason: str) -> None:
        """Give an app back what was taken."""
        reason = given_reason(reason, what="giving a grant again")
        with self._store.transaction() as session:
            self._authorizer.require(session, identity, "grant.give", f"integration:{integration}", {"app": app})
            ask = select(WithdrawnGrantRow).where(
                WithdrawnGrantRow.app == app, WithdrawnGrantRow.integration == integration
            )
            row = session.scalars(ask).one_or_none()
            if row is None:
                raise NotFoundError(f"the grant of {app[:80]} on {integration[:60]} was not taken back")
            session.delete(row)
            by = str(identity.principal)
            self._audit.note(
                session,
                by,
                "grant.restored",
                f"integration:{integration}",
                reason=reason,
                app=app,
                context={"app": app},
            )
            self._store.after_commit(session, self._on_change)


def withdrawals(session: Session) -> list[Withdrawal]:
    """Return every grant that is taken back, by app."""
    query = select(WithdrawnGrantRow).order_by(WithdrawnGrantRow.app, WithdrawnGrantRow.integration)
    return [Withdrawal(r.app, r.integration, r.by, r.reason, r.time) for r in session.scalars(query)]

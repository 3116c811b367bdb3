"""What giving an exception takes, of whatever kind: people who wrote none of the app, and an entry in the audit log."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.exceptions.rows import ExceptionRow
from bailiwick.control.identity import Authorizer, answering
from bailiwick.core.clock import Clock
from bailiwick.core.events import Outcome
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.store import Store

# Everyone who pushed to an app, refused pushes too.
WritersOf = Callable[[Session, str], frozenset[str]]
# What is done, in the same transaction, once an app may do something else than before; it is told app and why.
OnChange = Callable[[Session, str, str], None]


@dataclass(frozen=True)
class ExceptionDesk:
    """Shared by the kinds. The caller brings the transaction."""

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    catalog: CatalogService
    writers: WritersOf
    on_change: OnChange
    clock: Clock

    def authors(self, session: Session, app_path: str, *also: str) -> frozenset[str]:
        """Return who may not decide: whoever wrote at the app, who else is named, and who answers for them."""
        return answering(session, self.writers(session, app_path) | set(also))

    def note(
        self, session: Session, identity: Identity, action: str, row: ExceptionRow, decision: Decision, reason: str
    ) -> None:
        """Write what somebody did, or was refused, into the audit log."""
        self.audit.note(
            session,
            str(identity.principal),
            action,
            f"app:{row.app}",
            outcome=Outcome.SUCCESS if decision.allowed else Outcome.REFUSED,
            reason=reason,
            app=row.app,
            deciders=decision.deciders,
            context=row.facts,
        )

    def end(
        self, session: Session, identity: Identity, action: str, row: ExceptionRow, decision: Decision, reason: str
    ) -> None:
        """End one before its time, and tell whoever must know."""
        row.end(str(identity.principal), self.clock(), reason)
        self.note(session, identity, action, row, decision, reason)
        self.on_change(session, row.app, row.gone)

"""Which credentials a plane may fetch: asked of policy and audited, one by one."""

from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import Authorizer
from bailiwick.core.events import Outcome
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity, Principal


def plane_identity(plane: str) -> Identity:
    """Return who a plane is."""
    return Identity.of_service(Principal("plane", plane))


def may_fetch(
    authorizer: Authorizer, audit: AuditLog, session: Session, plane: str, name: str, *, used_here: bool
) -> Decision:
    """Answer whether a plane may have the credential of this name, which is `used_here` or not; audited either way."""
    who = plane_identity(plane)
    decision = authorizer.settle(session, who, "secret.fetch", f"secret:{name}", {"used_here": used_here})
    audit.note(
        session,
        str(who.principal),
        "secret.fetched",
        f"secret:{name}",
        outcome=Outcome.SUCCESS if decision.allowed else Outcome.REFUSED,
        reason="" if decision.allowed else decision.reason,
        plane=plane,
        deciders=decision.deciders,
    )
    return decision

"""Which credentials a plane may fetch: asked of policy and audited, one by one."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import Authorizer
from bailiwick.core.events import Outcome
from bailiwick.core.policy import ContextValue, Decision
from bailiwick.core.principals import Identity, Principal

# Whether a secret of the vault is for planes of the environment that a plane is of: session, plane, name of the secret.
OfEnvironment = Callable[[Session, str, str], bool]


def plane_identity(plane: str) -> Identity:
    """Return who a plane is."""
    return Identity.of_service(Principal("plane", plane))


def may_fetch(
    authorizer: Authorizer,
    audit: AuditLog,
    session: Session,
    plane: str,
    name: str,
    *,
    used_here: bool,
    of_environment: bool,
) -> Decision:
    """Answer whether a plane may have the credential of this name, which is `used_here` or not, and is one
    `of_environment` of the plane or not; audited either way.
    """
    who = plane_identity(plane)
    context: dict[str, ContextValue] = {"used_here": used_here, "of_environment": of_environment}
    decision = authorizer.settle(session, who, "secret.fetch", f"secret:{name}", context)
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

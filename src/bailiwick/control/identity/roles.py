"""Roles: who is given what where, and who takes it away. Every method is one transaction with its audit event."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity.authorizer import ORGANIZATION, Authorizer, scope_chain
from bailiwick.control.identity.model import RoleAssignment
from bailiwick.control.identity.tables import RoleRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError, NotFoundError
from bailiwick.core.events import ContextFact
from bailiwick.core.policy import ROLES, Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

_HOLDER = re.compile(r"(user|group|service|agent):[^\s:][^\s]{0,253}")


@dataclass(frozen=True)
class RoleService:
    """Gives and takes roles. `on_change` is called after a change that data planes must hear of."""

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    clock: Clock
    on_change: Callable[[], None]

    def assign(self, by: Identity, role: str, holder: str, scope: str) -> None:
        """Give a role on a scope to a person, group or service."""
        with self.store.transaction() as session:
            decision = self._require_change(session, by, "role.assign", role, holder, scope)
            self.give(session, str(by.principal), role, holder, scope, decision.deciders)

    def remove(self, by: Identity, role: str, holder: str, scope: str, reason: str) -> None:
        """Take a role away. What the configuration names comes back at the next start; the last organisation
        administrator stays, as nobody could give the role again.
        """
        reason = given_reason(reason, what="taking a role away")
        with self.store.transaction() as session:
            decision = self._require_change(session, by, "role.remove", role, holder, scope)
            self.take(session, str(by.principal), role, holder, scope, reason, deciders=decision.deciders)
            self.store.after_commit(session, self.on_change)

    def take(
        self,
        session: Session,
        by: str,
        role: str,
        holder: str,
        scope: str,
        reason: str,
        *,
        deciders: tuple[str, ...] = (),
    ) -> None:
        """Take a role away in the caller's transaction, whose caller asked policy and tells planes afterwards.

        Raises, before anything is changed, `NotFoundError` when it is not held and `ConflictError` when the last
        organisation administrator would go.
        """
        ask = select(RoleRow).where(RoleRow.role == role, RoleRow.scope == scope).with_for_update()
        if (role, scope) != ("org-admin", ORGANIZATION):
            ask = ask.where(RoleRow.holder == holder)
        # Of administrators all rows are locked: two who take from each other at once would else leave nobody.
        held = {row.holder: row for row in session.scalars(ask)}
        if holder not in held:
            raise NotFoundError(f"{holder[:80]} does not hold {role[:40]} on {scope[:80]}")
        if (role, scope) == ("org-admin", ORGANIZATION) and len(held) == 1:
            raise ConflictError(
                "this is the last organisation administrator", hint="give the role to somebody else first"
            )
        session.delete(held[holder])
        session.flush()
        context: dict[str, ContextFact] = {"role": role, "holder": holder}
        self.audit.note(
            session, by, "role.removed", scope, reason=reason, deciders=deciders, context=context, before=context
        )

    def apply_rules(self, rules: Iterable[tuple[str, str, str]]) -> None:
        """Give the roles that the configuration names, as (group, role, scope); repeating it changes nothing."""
        with self.store.transaction() as session:
            for group, role, scope in rules:
                self.give(session, "service:configuration", role, f"group:{group}", scope)

    def held(self, session: Session) -> list[RoleAssignment]:
        """Return every role that is held."""
        query = select(RoleRow).order_by(RoleRow.scope, RoleRow.role, RoleRow.holder)
        return [RoleAssignment(r.role, r.holder, r.scope, r.given_by, r.time) for r in session.scalars(query)]

    def _require_change(
        self, session: Session, by: Identity, action: str, role: str, holder: str, scope: str
    ) -> Decision:
        return self.authorizer.require(session, by, action, role_resource(scope), {"role": role, "holder": holder})

    def give(
        self, session: Session, by: str, role: str, holder: str, scope: str, deciders: tuple[str, ...] = ()
    ) -> None:
        """Give a role in the caller's transaction, whose caller asked policy; one that is held already stays."""
        if role not in ROLES:
            raise InvalidInputError(f"'{role[:40]}' is not a role", hint=f"there are: {', '.join(ROLES)}")
        scope_chain(scope)
        if not _HOLDER.fullmatch(holder):
            raise InvalidInputError(
                f"'{holder[:80]}' cannot hold a role",
                hint="write user:ada@example.com, group:support or service:nightly",
            )
        row = insert(RoleRow).values(scope=scope, role=role, holder=holder, given_by=by, time=self.clock())
        if session.scalar(row.on_conflict_do_nothing().returning(RoleRow.role)) is None:
            return
        context: dict[str, ContextFact] = {"role": role, "holder": holder}
        self.audit.note(session, by, "role.assigned", scope, deciders=deciders, context=context, after=context)
        self.store.after_commit(session, self.on_change)


def role_resource(scope: str) -> str:
    """Return what must be asked about before a role is given: the folder or organisation around the scope."""
    return next(item for item in scope_chain(scope) if item.startswith(("folder:", "organization:")))

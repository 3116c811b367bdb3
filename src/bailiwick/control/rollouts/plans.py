"""Plans: how releases go out, set on an app, a folder or the organisation; the nearest one counts."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.identity import Authorizer
from bailiwick.control.rollouts.errors import PlanRefusedError
from bailiwick.control.rollouts.model import AT_ONCE, SetPlan, plan_of
from bailiwick.control.rollouts.tables import PlanRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import NotFoundError
from bailiwick.core.policy import ORGANIZATION, scope_chain
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

_PLAN = "rollout.plan"


class PlanService:
    """Sets and answers plans. Each verb is one transaction with its audit event."""

    def __init__(
        self, *, store: Store, audit: AuditLog, authorizer: Authorizer, catalog: CatalogService, clock: Clock
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._catalog = catalog
        self._clock = clock

    def set(self, identity: Identity, scope: str, written: Mapping[str, Any], reason: str) -> SetPlan:
        """Set how releases below a scope go out, where nothing nearer says so; what is under way goes on as it began.

        Raises `PlanRefusedError` for a plan that cannot be read, `NotFoundError` for a scope that there is not.
        """
        reason = given_reason(reason, "say why releases go out so", what="a plan")
        plan = plan_of(written)
        with self._store.transaction() as session:
            self._require_scope(session, identity, scope)
            decision = self._authorizer.require(session, identity, _PLAN, scope)
            before = effective(session, scope)
            set_ = {
                "plan": plan.model_dump(mode="json"),
                "set_by": str(identity.principal),
                "set_at": self._clock(),
                "reason": reason,
            }
            row = insert(PlanRow).values(scope=scope, **set_)
            session.execute(row.on_conflict_do_update(index_elements=["tenant", "scope"], set_=set_))
            self._audit.note(
                session,
                str(identity.principal),
                "rollout.planned",
                scope,
                reason=reason,
                app=scope.removeprefix("app:") if scope.startswith("app:") else "",
                deciders=decision.deciders,
                before={"plan": before.plan.words, "set_on": before.scope},
                after={"plan": plan.words, "set_on": scope},
            )
            return effective(session, scope)

    def shown(self, session: Session, identity: Identity, scope: str) -> SetPlan:
        """Return the plan that counts for a scope: of an app to who may read it, else to who may set it."""
        self._require_scope(session, identity, scope)
        if not scope.startswith("app:"):
            self._authorizer.require(session, identity, _PLAN, scope)
        return effective(session, scope)

    def _require_scope(self, session: Session, identity: Identity, scope: str) -> None:
        kind, _, path = scope.partition(":")
        if kind == "app":
            self._catalog.readable_app(session, identity, path)
        elif kind == "folder":
            if path not in {folder.path for folder in self._catalog.folders(session)}:
                raise NotFoundError(f"there is no folder '{path[:80]}'")
        elif scope != ORGANIZATION:
            raise PlanRefusedError(
                f"a plan cannot be set on '{scope[:80]}'", hint=f"write app:PATH, folder:PATH or {ORGANIZATION}"
            )


def effective(session: Session, scope: str) -> SetPlan:
    """Return the plan that counts for a scope, and where it was set."""
    chain = scope_chain(scope)
    rows = {row.scope: row for row in session.scalars(select(PlanRow).where(PlanRow.scope.in_(chain)))}
    row = next((rows[item] for item in chain if item in rows), None)
    if row is None:
        return SetPlan(AT_ONCE)
    return SetPlan(plan_of(row.plan), row.scope, row.set_by, row.set_at, row.reason)

"""Authorization in the control plane: finds who holds which role on a resource and asks policy."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.identity.tables import RoleRow
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.policy import (
    DEFAULT_DENY,
    ROLES,
    ContextValue,
    Decision,
    PolicyEngine,
    Resource,
    RoleHolders,
    cascade,
)
from bailiwick.core.principals import Identity

ORGANIZATION = "organization:default"
# Nobody's name: whoever is asked about as if they held a role holds it under this one.
_SOMEBODY = "anybody"
_ENTITY_TYPES = {
    "organization": "Organization",
    "folder": "Folder",
    "app": "App",
    "integration": "Integration",
    "secret": "Secret",
}


def scope_chain(resource: str) -> list[str]:
    """Return the scopes whose roles count on a resource, nearest first, from its written name alone.

    `app:finance/eu/desk` is in `folder:finance/eu`, that in `folder:finance`, and all in the organisation.
    """
    kind, _, path = resource.partition(":")
    if kind not in _ENTITY_TYPES or not path:
        raise InvalidInputError(f"'{resource[:80]}' does not name a resource", hint="write it as kind:name")
    scopes = [resource]
    if kind in {"app", "folder"}:
        parts = path.split("/")
        scopes += [f"folder:{'/'.join(parts[:length])}" for length in range(len(parts) - 1, 0, -1)]
    return scopes if resource == ORGANIZATION else [*scopes, ORGANIZATION]


class Authorizer:
    """Answers questions about resources of the control plane. Roles are rows; policies are few."""

    def __init__(self, engine: PolicyEngine) -> None:
        self._engine = engine

    def require_known(self, action: str) -> None:
        """Return when policy knows the action; raise `InvalidInputError` with the nearest ones when not."""
        known = sorted(self._engine.actions)
        if action not in known:
            close = difflib.get_close_matches(action, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(known)}"
            raise InvalidInputError(f"'{action[:60]}' is no action", hint=hint)

    def holders(self, session: Session, resource: str) -> RoleHolders:
        """Return who holds each role on a resource, once folders and the organisation have cascaded."""
        return self.holders_of(session, [resource])[resource]

    def holders_of(self, session: Session, resources: Sequence[str]) -> dict[str, RoleHolders]:
        """Return who holds each role on each of these resources, with one question to the database."""
        chains = {resource: scope_chain(resource) for resource in resources}
        scopes = {scope for chain in chains.values() for scope in chain}
        held: dict[str, list[tuple[str, str]]] = {}
        for row in session.execute(
            select(RoleRow.scope, RoleRow.role, RoleRow.holder).where(RoleRow.scope.in_(scopes))
        ):
            held.setdefault(row.scope, []).append((row.role, row.holder))
        return {
            resource: cascade(pair for scope in chain for pair in held.get(scope, ()))
            for resource, chain in chains.items()
        }

    def actions_on(self, kind: str) -> frozenset[str]:
        """Return the actions that people may be asked about on resources of a kind."""
        return self._engine.actions_on(_ENTITY_TYPES[kind])

    def decide_held(
        self,
        identity: Identity,
        action: str,
        resource: str,
        holders: RoleHolders,
        context: Mapping[str, ContextValue] | None = None,
    ) -> Decision:
        """Answer as `decide` does where it is known already who holds which role on the resource."""
        entity_type = _ENTITY_TYPES[resource.partition(":")[0]]
        return self._engine.decide(identity, action, Resource(entity_type, resource, holders), context)

    def decide(
        self,
        session: Session,
        identity: Identity,
        action: str,
        resource: str,
        context: Mapping[str, ContextValue] | None = None,
    ) -> Decision:
        """Answer whether `identity` may do `action` to the resource of this written name."""
        return self.decide_held(identity, action, resource, self.holders(session, resource), context)

    def require(
        self,
        session: Session,
        identity: Identity,
        action: str,
        resource: str,
        context: Mapping[str, ContextValue] | None = None,
    ) -> Decision:
        """Return the decision when it allows; raise `ForbiddenError` with reason and policies when not."""
        decision = self.explain(session, identity, action, resource, context)
        decision.require()
        return decision

    def explain(
        self,
        session: Session,
        identity: Identity,
        action: str,
        resource: str,
        context: Mapping[str, ContextValue] | None = None,
    ) -> Decision:
        """Answer as `decide` does; a refusal that no policy made also names the roles that would allow it."""
        holders = self.holders(session, resource)
        decision = self.decide_held(identity, action, resource, holders, context)
        if decision.allowed or decision.deciders != (DEFAULT_DENY,):
            return decision
        as_one = identity.holding(_SOMEBODY)
        needed = [
            role
            for role in ROLES
            if self.decide_held(
                as_one, action, resource, {**holders, role: holders[role] | {_SOMEBODY}}, context
            ).allowed
        ]
        return replace(decision, needed=tuple(needed))

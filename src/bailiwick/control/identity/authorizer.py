"""Authorization in the control plane: finds who holds which role on a resource and asks policy."""

import difflib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.identity.tables import RoleRow
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.policy import (
    DEFAULT_DENY,
    ENTITY_TYPES,
    ORGANIZATION,
    ROLES,
    ContextValue,
    Decision,
    PoliciesInForce,
    PolicyEngine,
    Question,
    Resource,
    RoleHolders,
    Standing,
    cascade,
    scope_chain,
)
from bailiwick.core.principals import Identity

__all__ = ["ORGANIZATION", "Authorizer", "scope_chain"]
# Nobody's name: whoever is asked about as if they held a role holds it under this one.
_SOMEBODY = "anybody"


DataClasses = Callable[[Session, Sequence[str]], Mapping[str, frozenset[str]]]


class Authorizer:
    """Answers questions about resources of the control plane. Roles are rows; policies are few.

    `refresh` makes the engine's policies those that are in force in the database, `data_classes` returns what apps
    declare, and `on_asked` is told of each question whose answer took effect.
    """

    def __init__(
        self,
        engine: PolicyEngine | PoliciesInForce,
        *,
        refresh: Callable[[Session], None] = lambda _: None,
        data_classes: DataClasses = lambda _session, _names: {},
        on_asked: Callable[[Question, Decision], None] = lambda _question, _decision: None,
    ) -> None:
        self._engine = engine
        self._refresh = refresh
        self._data_classes = data_classes
        self._on_asked = on_asked

    def require_known(self, action: str) -> None:
        """Return when policy knows the action; raise `InvalidInputError` with the nearest ones when not."""
        known = sorted(self._engine.actions)
        if action not in known:
            close = difflib.get_close_matches(action, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(known)}"
            raise InvalidInputError(f"'{action[:60]}' is no action", hint=hint)

    def holders(self, session: Session, resource: str) -> RoleHolders:
        """Return who holds each role on a resource, once folders and the organisation have cascaded."""
        return self.holders_of(session, [resource])[resource].roles

    def holders_of(self, session: Session, resources: Collection[str]) -> dict[str, Standing]:
        """Return who holds each role on each of these resources and what apps declare, as they are now; from here on,
        questions are answered by the policies that are in force now.
        """
        self._refresh(session)
        apps = [resource for resource in resources if resource.startswith("app:")]
        declared = self._data_classes(session, apps) if apps else {}
        chains = {resource: scope_chain(resource) for resource in resources}
        scopes = {scope for chain in chains.values() for scope in chain}
        held: dict[str, list[tuple[str, str]]] = {}
        for row in session.execute(
            select(RoleRow.scope, RoleRow.role, RoleRow.holder).where(RoleRow.scope.in_(scopes))
        ):
            held.setdefault(row.scope, []).append((row.role, row.holder))
        return {
            resource: Standing(
                cascade(pair for scope in chain for pair in held.get(scope, ())),
                declared.get(resource, frozenset()),
            )
            for resource, chain in chains.items()
        }

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of resources that there are, as written names begin."""
        return tuple(ENTITY_TYPES)

    def actions_on(self, kind: str) -> frozenset[str]:
        """Return the actions that people may be asked about on resources of a kind."""
        return self._engine.actions_on(ENTITY_TYPES[kind])

    def decide_held(
        self,
        identity: Identity,
        action: str,
        resource: str,
        standing: Standing,
        context: Mapping[str, ContextValue] | None = None,
    ) -> Decision:
        """Answer as `decide` does where it is known already how the resource stands."""
        return self._engine.answer(self._question(identity, action, resource, standing, context))

    def decide(
        self,
        session: Session,
        identity: Identity,
        action: str,
        resource: str,
        context: Mapping[str, ContextValue] | None = None,
    ) -> Decision:
        """Answer whether `identity` may do `action` to the resource of this written name."""
        standing = self.holders_of(session, [resource])[resource]
        return self.decide_held(identity, action, resource, standing, context)

    def allowed_among(
        self,
        session: Session,
        identity: Identity,
        action: str,
        resources: Collection[str],
        context: Mapping[str, ContextValue] | None = None,
    ) -> list[str]:
        """Return those of some resources on which somebody may do something, in order; the database is asked once."""
        held = self.holders_of(session, resources)
        return [name for name in resources if self.decide_held(identity, action, name, held[name], context).allowed]

    def settle(
        self,
        session: Session,
        identity: Identity,
        action: str,
        resource: str,
        context: Mapping[str, ContextValue] | None = None,
    ) -> Decision:
        """Answer as `decide` does a question whose answer takes effect: it is remembered, so that it can be asked again
        of other policies.
        """
        standing = self.holders_of(session, [resource])[resource]
        question = self._question(identity, action, resource, standing, context)
        decision = self._engine.answer(question)
        self._on_asked(question, decision)
        return decision

    def _question(
        self,
        identity: Identity,
        action: str,
        resource: str,
        standing: Standing,
        context: Mapping[str, ContextValue] | None,
    ) -> Question:
        entity_type = ENTITY_TYPES[resource.partition(":")[0]]
        about = Resource(entity_type, resource, standing.roles, standing.data_classes)
        return self._engine.question(identity, action, about, context)

    def require(
        self,
        session: Session,
        identity: Identity,
        action: str,
        resource: str,
        context: Mapping[str, ContextValue] | None = None,
    ) -> Decision:
        """Return the decision when it allows; raise `ForbiddenError` with reason and policies when not."""
        decision = self.settle(session, identity, action, resource, context)
        if not decision.allowed:
            decision = self._with_needed(session, decision, identity, action, resource, context)
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
        decision = self.decide(session, identity, action, resource, context)
        return self._with_needed(session, decision, identity, action, resource, context)

    def _with_needed(
        self,
        session: Session,
        decision: Decision,
        identity: Identity,
        action: str,
        resource: str,
        context: Mapping[str, ContextValue] | None,
    ) -> Decision:
        if decision.allowed or decision.deciders != (DEFAULT_DENY,):
            return decision
        standing = self.holders_of(session, [resource])[resource]
        as_one = identity.holding(_SOMEBODY)
        needed = []
        for role in ROLES:
            roles = {**standing.roles, role: standing.roles[role] | {_SOMEBODY}}
            if self.decide_held(as_one, action, resource, replace(standing, roles=roles), context).allowed:
                needed.append(role)
        return replace(decision, needed=tuple(needed))

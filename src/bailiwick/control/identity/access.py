"""Questions about access: may this one, who can, what can; policy answers, with the policies that say so."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.identity.authorizer import ORGANIZATION, Authorizer
from bailiwick.control.identity.credentials import identity_of
from bailiwick.control.identity.people import FRESH
from bailiwick.control.identity.services import State, rows
from bailiwick.control.identity.tables import PersonRow, RoleRow, ServiceRow
from bailiwick.core.clock import Clock, utc_now
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.policy import USUAL_CONTEXT, ContextValue, Decision, Standing
from bailiwick.core.principals import Identity, Principal

_BATCH = 500
# What `who_can` knows of: people and what acts by itself or for them.
SUBJECTS = ("user", "service", "agent")

# Names of a kind's resources, in order, after one of them.
Names = Callable[[Session, str, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Permission:
    """That somebody may do an action to a resource, and by which policies."""

    principal: str
    action: str
    resource: str
    deciders: tuple[str, ...]
    reason: str


class AccessService:
    """Answers for people and other systems; decides nothing that policy did not.

    `names` lists the resources of each kind that can be searched, in order: `{"app": …}` yields `finance/desk`. The
    usual case is asked about: a sign-in as policy wants it, a later deploy that somebody else wrote, production. Policy
    may ask where a request comes from: answers are for the `address` that is given, nowhere known without one.
    """

    def __init__(self, authorizer: Authorizer, names: Mapping[str, Names], clock: Clock = utc_now) -> None:
        self._authorizer = authorizer
        self._clock = clock
        self._names: Mapping[str, Names] = {**names, "organization": _the_organization}

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of resources that can be searched."""
        return tuple(sorted(self._names))

    def identity(self, session: Session, principal: str, *, address: str = "") -> Identity:
        """Return whoever is named, as the directory describes them; someone unknown holds nothing but their name,
        and a service identity that is not active not even that.
        """
        return replace(self._identity(session, principal), address=address)

    def _identity(self, session: Session, principal: str) -> Identity:
        named = Principal.parse(principal)
        if named.behalf:
            person = self._identity(session, named.behalf)
            if not person.is_person:
                raise InvalidInputError(f"'{principal[:80]}' is no agent that works for a person")
            return self._identity(session, named.own).for_person(person)
        if named.kind == "user":
            person_row = session.scalar(select(PersonRow).where(PersonRow.email == named.name))
            if person_row is not None and person_row.active:
                return identity_of(person_row, FRESH)
            return Identity(named, frozenset())
        # What is not made here (a directory, an app) has no row, and holds what was given to its name.
        row = rows.find(session, principal)
        if row is not None and rows.service_of(row).state(self._clock()) is not State.ACTIVE:
            return Identity(named, frozenset())
        return Identity.of_service(named)

    def everyone(self, session: Session) -> Iterator[Identity]:
        """Return each person who is not switched off, as if they had just signed in."""
        return (identity_of(person, FRESH) for person in _people(session, ""))

    def evaluate(
        self,
        session: Session,
        identity: Identity,
        action: str,
        resource: str,
        context: Mapping[str, ContextValue] | None = None,
    ) -> Decision:
        """Answer whether somebody may do an action to a resource; `context` adds to the usual case."""
        self._authorizer.require_known(action)
        facts = {**USUAL_CONTEXT.get(action, {}), **(context or {})}
        return self._authorizer.explain(session, identity, action, resource, facts)

    def who_can(
        self,
        session: Session,
        action: str,
        resource: str,
        *,
        kinds: Collection[str] = SUBJECTS,
        address: str = "",
        cursor: str = "",
        limit: int = _BATCH,
    ) -> tuple[list[Permission], str]:
        """Return who may do this, and the cursor of what follows (empty at the end).

        Of `kinds` there are user, service and agent: people come first, by address, then service identities by name.
        """
        self._authorizer.require_known(action)
        holders = self._authorizer.holders_of(session, [resource])[resource]
        context = USUAL_CONTEXT.get(action)
        found: list[Permission] = []
        for one in self._everybody(session, cursor, kinds):
            decision = self._authorizer.decide_held(replace(one, address=address), action, resource, holders, context)
            if not decision.allowed:
                continue
            if len(found) == limit:
                return found, found[-1].principal
            found.append(_permission(str(one.principal), action, resource, decision))
        return found, ""

    def _everybody(self, session: Session, after: str, kinds: Collection[str]) -> Iterator[Identity]:
        """Return people and then active service identities, by written name, from behind one of them."""
        kind = after.partition(":")[0]
        if kind not in {"", *SUBJECTS}:
            raise InvalidInputError("this cursor is not one of ours", hint="start again without a cursor")
        if kind in {"", "user"} and "user" in kinds:
            yield from (identity_of(row, FRESH) for row in _people(session, after.removeprefix("user:")))
        now = self._clock()
        behind = "" if kind == "user" else after
        query = select(ServiceRow).where(ServiceRow.name > behind).order_by(ServiceRow.name)
        for row in session.scalars(query):
            named = Principal.parse(row.name)
            if named.kind in kinds and rows.service_of(row).state(now) is State.ACTIVE:
                yield Identity.of_service(named)

    def what_can(
        self,
        session: Session,
        identity: Identity,
        kind: str,
        actions: Sequence[str] = (),
        *,
        cursor: str = "",
        limit: int = _BATCH,
    ) -> tuple[list[Permission], str]:
        """Return what somebody may do to resources of a kind, by name; `limit` counts resources.

        Without `actions`, every action that there is for the kind is asked about.
        """
        asked = self._actions(kind, actions)
        found: list[Permission] = []
        names: list[str] = []
        for name, resource, holders in self._resources(session, kind, cursor):
            here = []
            for action in asked:
                decision = self._authorizer.decide_held(identity, action, resource, holders, USUAL_CONTEXT.get(action))
                if decision.allowed:
                    here.append(_permission(str(identity.principal), action, resource, decision))
            if here and len(names) == limit:
                return found, names[-1]
            if here:
                names.append(name)
                found += here
        return found, ""

    def actions_of(self, session: Session, identity: Identity, resource: str) -> list[Permission]:
        """Return what somebody may do to one resource."""
        return self._actions_held(identity, resource, self._authorizer.holders_of(session, [resource])[resource])

    def _actions_held(self, identity: Identity, resource: str, holders: Standing) -> list[Permission]:
        kind = resource.partition(":")[0]
        decided = (
            (action, self._authorizer.decide_held(identity, action, resource, holders, USUAL_CONTEXT.get(action)))
            for action in sorted(self._authorizer.actions_on(kind))
        )
        return [_permission(str(identity.principal), action, resource, it) for action, it in decided if it.allowed]

    def rights(self, session: Session, identity: Identity, scopes: Sequence[str]) -> list[Permission]:
        """Return what somebody may do on each scope and, for folders and the organisation, to any app in it.

        Such an app is written `app:finance/*`: no app is called that, and roles cascade to it as to every other.
        """
        resources = [resource for scope in scopes for resource in (scope, _any_app_in(scope)) if resource]
        holders = self._authorizer.holders_of(session, resources)
        return [right for it in resources for right in self._actions_held(identity, it, holders[it])]

    def readable_scopes(self, session: Session, identity: Identity) -> Sequence[str] | None:
        """Return the folders whose roles somebody may read, with all below them; None when they may read every role."""
        if self._authorizer.decide(session, identity, "role.read", ORGANIZATION).allowed:
            return None
        held = select(RoleRow.scope).where(RoleRow.holder.in_(identity.names), RoleRow.scope.startswith("folder:"))
        folders = sorted(set(session.scalars(held)))
        holders = self._authorizer.holders_of(session, folders)
        return [it for it in folders if self._authorizer.decide_held(identity, "role.read", it, holders[it]).allowed]

    def require_readable_scopes(self, session: Session, identity: Identity) -> Sequence[str] | None:
        """Return as `readable_scopes` does; raise `ForbiddenError` when somebody may read no roles at all."""
        scopes = self.readable_scopes(session, identity)
        if scopes is not None and not scopes:
            self._authorizer.require(session, identity, "role.read", ORGANIZATION)
        return scopes

    def known_actions(self) -> list[str]:
        """Return every action that people can be asked about, in order."""
        return sorted({action for kind in self._authorizer.kinds for action in self._authorizer.actions_on(kind)})

    def _actions(self, kind: str, wanted: Sequence[str]) -> list[str]:
        if kind not in self._names:
            raise InvalidInputError(f"'{kind[:40]}' cannot be searched", hint=f"there are: {', '.join(self.kinds)}")
        for action in wanted:
            self._authorizer.require_known(action)
        return sorted(self._authorizer.actions_on(kind) & set(wanted or self._authorizer.actions_on(kind)))

    def _resources(self, session: Session, kind: str, cursor: str) -> Iterator[tuple[str, str, Standing]]:
        place = cursor
        while True:
            names = self._names[kind](session, place, _BATCH)
            resources = [f"{kind}:{name}" for name in names]
            holders = self._authorizer.holders_of(session, resources)
            for name, resource in zip(names, resources, strict=True):
                yield name, resource, holders[resource]
            if len(names) < _BATCH:
                return
            place = names[-1]


def _any_app_in(scope: str) -> str:
    kind, _, path = scope.partition(":")
    return {"folder": f"app:{path}/*", "organization": "app:*/*"}.get(kind, "")


def _the_organization(_session: Session, after: str, _limit: int) -> Sequence[str]:
    name = ORGANIZATION.partition(":")[2]
    return [name] if name > after else []


def _people(session: Session, after: str) -> Iterator[PersonRow]:
    place = after
    while True:
        query = select(PersonRow).where(PersonRow.active, PersonRow.email > place).order_by(PersonRow.email)
        batch = session.scalars(query.limit(_BATCH)).all()
        yield from batch
        if len(batch) < _BATCH:
            return
        place = batch[-1].email


def _permission(principal: str, action: str, resource: str, decision: Decision) -> Permission:
    return Permission(principal, action, resource, decision.deciders, decision.reason)

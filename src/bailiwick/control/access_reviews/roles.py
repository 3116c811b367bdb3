"""Roles that people, groups and services hold, as something that can be reviewed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bailiwick.control.access_reviews.model import Evidence, Flag, Held, Kind, Outcome
from bailiwick.control.access_reviews.sources import is_under, latest, places
from bailiwick.control.audit import used_by_actors
from bailiwick.control.identity import ORGANIZATION, IdentityService, PersonFacts, RoleAssignment, everyone, roles_of

RECENT = timedelta(days=90)
# Who holds one of these sees or changes everything, wherever it is held.
PRIVILEGED = frozenset({"org-admin", "security-admin", "it-admin", "auditor"})
# These are as much as an administrator's when they are held on the whole organisation.
_WIDE = frozenset({"folder-admin", "approver"})
_CONFIGURED = "service:configuration"


def is_privileged(role: str, scope: str) -> bool:
    """Return whether a role on a scope is one that only administrators decide about."""
    return role in PRIVILEGED or (role in _WIDE and scope == ORGANIZATION)


@dataclass(frozen=True, slots=True)
class _Use:
    last: datetime | None = None
    recent: int = 0

    def with_more(self, last: datetime | None, recent: int) -> "_Use":
        return _Use(latest(iter((self.last, last))), self.recent + recent)


@dataclass(frozen=True)
class _Estate:
    """All that evidence is taken from, read once."""

    people: Mapping[str, PersonFacts]
    members: Mapping[str, Sequence[PersonFacts]]
    holders: Mapping[tuple[str, str], Collection[str]]
    uses: Mapping[tuple[str, str], _Use]


class RoleSource:
    """Reviews roles: who holds them is in identity, what they did in the audit log."""

    kind = Kind.ROLE

    def __init__(self, identity: IdentityService) -> None:
        self._identity = identity

    def collect(self, session: Session, scope: str, now: datetime) -> Sequence[Held]:
        """Return every role that is held under a scope."""
        known = self._identity.roles.held(session)
        reviewed = [item for item in known if is_under(scope, item.scope)]
        estate = _read(session, known, reviewed, now)
        return [_held(item, estate) for item in reviewed]

    def remove(self, session: Session, held: Held, *, by: str, reason: str) -> tuple[Outcome, str]:
        """Take a role away, unless it is gone or was given anew since the review began."""
        now = [
            item for item in roles_of(session, [held.holder]) if (item.role, item.scope) == (held.access, held.scope)
        ]
        if not now:
            return Outcome.GONE, "it was taken away before the review was over"
        if now[0].time != held.evidence.given_at:
            return Outcome.CHANGED, f"{now[0].given_by} gave it anew after the review began: it was left alone"
        self._identity.roles.take(session, by, held.access, held.holder, held.scope, reason)
        back = "the configuration names it: it comes back at the next start unless it is removed there"
        return Outcome.REMOVED, back if held.evidence.given_by == _CONFIGURED else ""


def _read(
    session: Session, known: Sequence[RoleAssignment], reviewed: Sequence[RoleAssignment], now: datetime
) -> _Estate:
    people = {person.principal: person for person in everyone(session)}
    members: dict[str, list[PersonFacts]] = defaultdict(list)
    for person in people.values():
        for group in person.groups:
            members[f"group:{group}"].append(person)
    holders: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in known:
        holders[(item.role, item.scope)].add(item.holder)
    actors = {name for item in reviewed for name in _actors(item.holder, members)}
    scopes = {item.scope for item in reviewed}
    return _Estate(people, members, holders, _uses(session, actors, scopes, now - RECENT))


def _actors(holder: str, members: Mapping[str, Sequence[PersonFacts]]) -> Iterable[str]:
    return [person.principal for person in members.get(holder, ())] if holder.startswith("group:") else [holder]


def _uses(
    session: Session, actors: Collection[str], scopes: Collection[str], since: datetime
) -> dict[tuple[str, str], _Use]:
    found: dict[tuple[str, str], _Use] = {}
    for use in used_by_actors(session, actors, since):
        for place in places(use.where):
            if place in scopes:
                key = (use.who, place)
                found[key] = found.get(key, _Use()).with_more(use.last, use.recent)
    return found


def _held(item: RoleAssignment, estate: _Estate) -> Held:
    privileged = is_privileged(item.role, item.scope)
    return Held(
        kind=Kind.ROLE,
        holder=item.holder,
        access=item.role,
        scope=item.scope,
        privileged=privileged,
        own=frozenset({item.holder}),
        evidence=_evidence(item, estate, privileged=privileged),
    )


def _evidence(item: RoleAssignment, estate: _Estate, *, privileged: bool) -> Evidence:
    is_group = item.holder.startswith("group:")
    people = [person for person in estate.members.get(item.holder, ()) if person.active]
    person = estate.people.get(item.holder)
    behind = people if is_group else [person] if person else []
    use = _Use()
    for actor in _actors(item.holder, estate.members):
        one = estate.uses.get((actor, item.scope), _Use())
        use = use.with_more(one.last, one.recent)
    also = _also(item, person, estate)
    flags = {
        Flag.PRIVILEGED: privileged,
        Flag.SWITCHED_OFF: person is not None and not person.active,
        Flag.UNKNOWN_HOLDER: item.holder.startswith("user:") and person is None,
        Flag.EMPTY_GROUP: is_group and not people,
        Flag.NEVER_USED: use.last is None,
        Flag.UNUSED_90_DAYS: use.last is not None and not use.recent,
        Flag.ALSO_OTHERWISE: bool(also),
    }
    return Evidence(
        given_by=item.given_by,
        given_at=item.time,
        last_sign_in=latest(one.signed_in for one in behind),
        last_used=use.last,
        uses=use.recent,
        members=len(people) if is_group else None,
        also=also,
        flags=tuple(flag for flag, is_so in flags.items() if is_so),
    )


def _also(item: RoleAssignment, person: PersonFacts | None, estate: _Estate) -> tuple[str, ...]:
    """Return the other assignments that give the same role on the same scope: from above, or by a group."""
    names = person.names if person else frozenset({item.holder})
    found = []
    for scope in places(item.scope):
        for holder in sorted(names & set(estate.holders.get((item.role, scope), ()))):
            if (holder, scope) != (item.holder, item.scope):
                through = f"{holder} " if holder != item.holder else ""
                found.append(f"{through}on {scope}")
    return tuple(found)

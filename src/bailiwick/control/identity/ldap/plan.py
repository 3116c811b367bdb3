"""What must change for us to know what a directory says: the difference, and how many people it would switch off."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.identity.directory.model import Draft, Json, Kind
from bailiwick.control.identity.directory.tables import MemberRow, ResourceRow
from bailiwick.control.identity.ldap.meaning import Wanted, WantedGroup, WantedUser
from bailiwick.control.identity.ldap.model import Brake


@dataclass(frozen=True, slots=True)
class Known:
    """A user or group as it is kept; `members` are our identifiers."""

    id: str
    kind: Kind
    external_id: str
    name: str
    email: str | None
    document: Json
    members: frozenset[str]

    @property
    def is_active(self) -> bool:
        """Whether this is a user who may sign in."""
        return self.kind is Kind.USER and self.document.get("active") is not False


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: to `known`, or, without one, to what is new. Without a `draft` it is forgotten.

    `members` are the directory's identifiers of a group's members.
    """

    known: Known | None
    draft: Draft | None
    external_id: str
    members: frozenset[str] = frozenset()

    @property
    def words(self) -> str:
        """What is done, in a few words."""
        kind, name = (self.draft.kind, self.draft.name) if self.draft else (self._old.kind, self._old.name)
        if self.draft is None:
            return f"remove {kind.lower()} {name}"
        if self.known is None:
            return f"add {kind.lower()} {name}"
        if self.switches_off:
            return f"switch off {name}"
        return f"change {kind.lower()} {name}" if self.known.name == name else f"rename {self.known.name} to {name}"

    @property
    def switches_off(self) -> bool:
        """Whether a person who may sign in may do so no more, under the address that they have."""
        if self.known is None or not self.known.is_active:
            return False
        return self.draft is None or not self.draft.active or self.draft.email != self.known.email

    @property
    def _old(self) -> Known:
        assert self.known is not None  # noqa: S101 - a step without a draft removes something
        return self.known


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they are done: whoever leaves first, and names are free before they are taken.

    `at_stake` counts people who would be switched off and groups that would be gone; `held` says that it is too much
    to do unasked.
    """

    steps: tuple[Step, ...]
    switched_off: int
    at_stake: int
    held: bool

    def counts(self) -> dict[str, int]:
        """Return how many steps there are of each sort."""
        return {
            "added": sum(1 for step in self.steps if step.known is None),
            "changed": sum(1 for step in self.steps if step.known is not None and step.draft is not None),
            "removed": sum(1 for step in self.steps if step.draft is None),
            "switched_off": self.switched_off,
            "at_stake": self.at_stake,
        }


def known_of(session: Session, directory: str) -> list[Known]:
    """Return all that is kept of a directory."""
    of_it = ResourceRow.directory == directory
    members: dict[str, set[str]] = {}
    links = select(MemberRow.group_id, MemberRow.member_id).join(ResourceRow, ResourceRow.id == MemberRow.group_id)
    for group, member in session.execute(links.where(of_it)):
        members.setdefault(group, set()).add(member)
    query = select(
        ResourceRow.id,
        ResourceRow.kind,
        ResourceRow.external_id,
        ResourceRow.name,
        ResourceRow.email,
        ResourceRow.document,
    ).where(of_it)
    return [
        Known(
            row.id,
            Kind(row.kind),
            row.external_id or row.id,
            row.name,
            row.email,
            row.document,
            frozenset(members.get(row.id, ())),
        )
        for row in session.execute(query)
    ]


def compare(known: Collection[Known], wanted: Wanted, brake: Brake) -> Plan:
    """Return what must be done, and whether that is too much of people, or of groups, to do unasked."""
    users = {item.external_id: item for item in known if item.kind is Kind.USER}
    groups = {item.external_id: item for item in known if item.kind is Kind.GROUP}
    here = {item.external_id: item.id for item in known}
    gone_users = _gone(users, {user.id for user in wanted.users})
    gone_groups = _gone(groups, {group.id for group in wanted.groups})
    of_users = [step for user in wanted.users if (step := _of_user(user, users.get(user.id)))]
    of_groups = [step for group in wanted.groups if (step := _of_group(group, groups.get(group.id), here))]
    steps = [*gone_users, *_leavers_first(of_users), *gone_groups, *_leavers_first(of_groups)]
    off = sum(1 for step in steps if step.switches_off)
    active = sum(1 for item in users.values() if item.is_active)
    held = brake.holds(off, active) or brake.holds(len(gone_groups), len(groups))
    return Plan(tuple(steps), off, off + len(gone_groups), held)


def _gone(known: Mapping[str, Known], there: Collection[str]) -> list[Step]:
    return [Step(item, None, key) for key, item in known.items() if key not in there]


def _of_user(user: WantedUser, known: Known | None) -> Step | None:
    if known is not None and known.document == user.draft.document and known.email == user.draft.email:
        return None
    return Step(known, user.draft, user.id)


def _of_group(group: WantedGroup, known: Known | None, here: Mapping[str, str]) -> Step | None:
    ids = {here.get(member) for member in group.members}
    if known is not None and known.document == group.draft.document and known.members == ids:
        return None
    return Step(known, group.draft, group.id, group.members)


def _leavers_first(steps: Collection[Step]) -> Iterator[Step]:
    """Yield who is switched off, then what changes, then what is new."""
    yield from sorted(steps, key=lambda step: (not step.switches_off, step.known is None))


def with_members(step: Step, ids: Mapping[str, str]) -> Draft:
    """Return a step's draft with our identifiers of the members that there are; `ids` has them by the directory's."""
    assert step.draft is not None  # noqa: S101 - only of a group that is written
    return replace(step.draft, members=frozenset(ids[member] for member in step.members if member in ids))

"""Changes to a directory's users and groups in one transaction, and what they mean for people."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from bailiwick.control.audit import GatheringLog
from bailiwick.control.identity.directory import problems, resources
from bailiwick.control.identity.directory.errors import NameTakenError
from bailiwick.control.identity.directory.model import DirectoryClient, Draft, Kind
from bailiwick.control.identity.directory.people import Described, People, attributes_of, users_below
from bailiwick.control.identity.directory.tables import ResourceRow
from bailiwick.core.clock import Clock
from bailiwick.core.events import ContextFact
from bailiwick.core.ids import new_id


@dataclass
class Changes:
    """Writes resources of the directory that `client` is, one after the other.

    Which groups people are in is worked out once, by `settle`, for all that was touched. `told` is whether planes must
    hear of it: whether credentials ended.
    """

    session: Session
    client: DirectoryClient
    audit: GatheringLog
    clock: Clock
    told: bool = False
    _touched: set[str] = field(default_factory=set)
    _problems: set[str] | None = None

    @property
    def _by(self) -> str:
        return str(self.client.identity.principal)

    @property
    def _people(self) -> People:
        return People(self.audit, self.clock)

    def create(self, draft: Draft) -> ResourceRow:
        """Take in a new user or group."""
        now = self.clock()
        row = ResourceRow(
            id=new_id(draft.kind.lower()),
            directory=self.client.directory,
            kind=draft.kind,
            version=0,
            created=now,
            modified=now,
        )
        self._write(row, draft, before=None)
        return row

    def replace(self, resource_id: str, draft: Draft, *, expected: int | None) -> ResourceRow:
        """Make a resource as the draft says, when it still has the version `expected`.

        One that is so already keeps its version, and nothing is audited: directories send everything again and again.
        """
        row = resources.row_of(self.session, self.client.directory, draft.kind, resource_id, lock=True)
        resources.require_version(row, expected)
        if resources.is_as(self.session, row, draft):
            return row
        before = _Before(row.name, row.email, attributes_of(row.document))
        row.modified = max(self.clock(), row.modified)
        self._write(row, draft, before=before)
        return row

    def change_members(self, group_id: str, changes: Mapping[str, bool]) -> ResourceRow:
        """Let these be members of a group (true) and those not (false), whoever else is in it."""
        row = resources.row_of(self.session, self.client.directory, Kind.GROUP, group_id, lock=True)
        added, removed = resources.change_members(self.session, row, changes)
        if added or removed:
            row.modified = max(self.clock(), row.modified)
            row.version += 1
            self._touched |= users_below(self.session, [*added, *removed])
            self._note_group(row, "group.changed", added, removed)
        return row

    def delete(self, kind: Kind, resource_id: str, *, expected: int | None) -> None:
        """Forget a resource: a user's person is switched off, members of a group are in it no more."""
        row = resources.row_of(self.session, self.client.directory, kind, resource_id, lock=True)
        resources.require_version(row, expected)
        if kind is Kind.GROUP:
            self._touched |= users_below(self.session, [row.id])
        self.session.delete(row)
        self.session.flush()
        self._solved(problem_key(kind, row.unique_name))
        if kind is Kind.GROUP:
            self.audit.note(self.session, self._by, "group.removed", f"group:{row.name}", context={"id": row.id})
        elif row.email is not None:
            reason = "removed by the directory"
            self.told |= self._people.dismiss(self.session, row.email, by=self._by, reason=reason)

    def settle(self) -> None:
        """Work out which groups the people are in that were touched since the last time, and write all events."""
        touched, self._touched = self._touched, set()
        self.told |= self._people.regroup(self.session, touched, by=self._by)
        self.audit.write(self.session)

    def _solved(self, key: str) -> None:
        """Forget a problem; most changes solve none, so the standing ones are looked up once."""
        if self._problems is None:
            self._problems = problems.keys(self.session, self.client.directory)
        if key in self._problems:
            problems.solved(self.session, self.client.directory, key)

    def _write(self, row: ResourceRow, draft: Draft, *, before: "_Before | None") -> None:
        resources.write(self.session, row, draft)
        self._solved(problem_key(draft.kind, draft.unique_name))
        if draft.kind is Kind.USER:
            self._person_follows(row, draft, before)
        else:
            self._members_follow(row, draft, before)

    def _person_follows(self, row: ResourceRow, draft: Draft, before: "_Before | None") -> None:
        if before is not None and before.email is not None and before.email != draft.email:
            reason = "the directory gave them another address"
            self.told |= self._people.dismiss(self.session, before.email, by=self._by, reason=reason)
        if draft.email is not None:
            said = Described(draft.email, draft.display_name, draft.active, draft.attributes)
            known = before.attributes if before is not None and before.email == draft.email else {}
            self.told |= self._people.describe(self.session, said, known, by=self._by)
            self._touched.add(row.id)

    def _members_follow(self, row: ResourceRow, draft: Draft, before: "_Before | None") -> None:
        added, removed = resources.set_members(self.session, row, draft.members)
        was = before.name if before is not None else draft.name
        renamed = was != draft.name
        self._touched |= users_below(self.session, [row.id, *removed] if renamed else [*added, *removed])
        action = "group.changed" if before is not None else "group.created"
        self._note_group(row, action, added, removed, before=was if renamed else "")

    def _note_group(
        self, row: ResourceRow, action: str, added: Collection[str], removed: Collection[str], *, before: str = ""
    ) -> None:
        context: dict[str, ContextFact] = {
            "id": row.id,
            "added": len(added),
            "removed": len(removed),
            "before": before,
        }
        self.audit.note(self.session, self._by, action, f"group:{row.name}", context=context)


def problem_key(kind: Kind, unique_name: str) -> str:
    """Return what tells the problem of one user or group from others of its directory."""
    return f"{kind}:{unique_name}"


def claim_problem(draft: Draft, fault: NameTakenError) -> problems.Problem:
    """Return the problem that a user or group is another's already, in words for administrators."""
    holder = f"the directory '{fault.holder}'" if fault.holder else "another directory"
    words = f"{draft.name[:200]!r} is claimed by {holder} already, which keeps it"
    return problems.Problem(problem_key(draft.kind, draft.unique_name), draft.name[:200], words)


@dataclass(frozen=True, slots=True)
class _Before:
    """What a resource said until now."""

    name: str
    email: str | None
    attributes: dict[str, str]

"""Users and groups of directories as rows: read, found by page, written with their memberships."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, delete, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bailiwick.control.identity.directory.errors import NameTakenError, UnknownMemberError, VersionChangedError
from bailiwick.control.identity.directory.model import Draft, Kind, Link, Record
from bailiwick.control.identity.directory.tables import MemberRow, ResourceRow
from bailiwick.core.errors import NotFoundError

_MOST_NAMED = 5
_ADD_MEMBERS = text(
    "INSERT INTO directory_members (group_id, member_id) SELECT :group, unnest(CAST(:members AS text[]))"
)


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was looked for, and how many there are in all."""

    total: int
    records: tuple[Record, ...]


def row_of(session: Session, directory: str, kind: Kind, resource_id: str, *, lock: bool) -> ResourceRow:
    """Return a directory's own resource; raise `NotFoundError` when it has none of this id, whoever else has."""
    query = select(ResourceRow).where(
        ResourceRow.id == resource_id, ResourceRow.directory == directory, ResourceRow.kind == kind
    )
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFoundError(f"this directory has no {kind} {resource_id[:80]!r}")
    return row


def record(session: Session, row: ResourceRow, *, links: bool = True) -> Record:
    """Return a resource, with its links when they are wanted."""
    return _records(session, [row], links=links)[0]


def find(
    session: Session,
    directory: str,
    where: ColumnElement[bool],
    order: Sequence[SQLColumnExpression[Any]],
    *,
    offset: int,
    limit: int | None,
    links: bool,
) -> Found:
    """Return a page of a directory's resources that are as `where` says, and how many there are."""
    condition = (ResourceRow.directory == directory) & where
    total = session.scalar(select(func.count()).select_from(ResourceRow).where(condition)) or 0
    query = select(ResourceRow).where(condition).order_by(*order, ResourceRow.id).offset(offset).limit(limit)
    rows = session.scalars(query).all() if limit != 0 else []
    return Found(total, tuple(_records(session, rows, links=links)))


def write(session: Session, row: ResourceRow, draft: Draft) -> None:
    """Put what a draft says into a row, new or known; raise `NameTakenError` when its name or address is another's."""
    _require_free(session, row, draft)
    row.name, row.unique_name, row.email = draft.name, draft.unique_name, draft.email
    row.external_id = draft.comparable.get("externalId")
    row.document, row.comparable = dict(draft.document), dict(draft.comparable)
    row.version += 1
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as fault:
        # Somebody was faster between the look and the write.
        raise _taken(draft, "") from fault


def set_members(session: Session, row: ResourceRow, members: Collection[str]) -> tuple[set[str], set[str]]:
    """Make these a group's members; return who was added and who was taken out."""
    before = set(session.scalars(select(MemberRow.member_id).where(MemberRow.group_id == row.id)))
    added, removed = set(members) - before, before - set(members)
    _change_members(session, row, added, removed)
    return added, removed


def change_members(session: Session, row: ResourceRow, changes: Mapping[str, bool]) -> tuple[set[str], set[str]]:
    """Let these be members of a group (true) and those not (false); return who was added and who was taken out."""
    of_it = select(MemberRow.member_id).where(MemberRow.group_id == row.id, MemberRow.member_id.in_(changes))
    there = set(session.scalars(of_it))
    added = {member for member, wanted in changes.items() if wanted} - there
    removed = there - {member for member, wanted in changes.items() if wanted}
    _change_members(session, row, added, removed)
    return added, removed


def _change_members(session: Session, row: ResourceRow, added: Collection[str], removed: Collection[str]) -> None:
    if added:
        _require_known(session, row.directory, added)
        session.execute(_ADD_MEMBERS, {"group": row.id, "members": sorted(added)})
    if removed:
        out = delete(MemberRow).where(MemberRow.group_id == row.id, MemberRow.member_id.in_(removed))
        session.execute(out.execution_options(synchronize_session=False))


def is_as(session: Session, row: ResourceRow, draft: Draft) -> bool:
    """Return whether a resource is as a draft says already."""
    if row.document != draft.document or row.email != draft.email:
        return False
    members = select(MemberRow.member_id).where(MemberRow.group_id == row.id)
    return set(session.scalars(members)) == draft.members


def require_version(row: ResourceRow, expected: int | None) -> None:
    """Return when a resource has the version that the caller knows; None stands for any."""
    if expected is not None and row.version != expected:
        raise VersionChangedError("the resource was changed since it was read", hint="read it again, then decide")


def _records(session: Session, rows: Sequence[ResourceRow], *, links: bool) -> list[Record]:
    found = _links(session, rows) if links else {}
    return [
        Record(
            row.id,
            Kind(row.kind),
            row.document,
            row.version,
            row.created,
            row.modified,
            tuple(found.get(row.id, ())) if links else None,
        )
        for row in rows
    ]


def _links(session: Session, rows: Sequence[ResourceRow]) -> dict[str, list[Link]]:
    """Return members of groups and groups of users, by the resource's id."""
    found: dict[str, list[Link]] = defaultdict(list)
    ends = {Kind.GROUP: (MemberRow.group_id, MemberRow.member_id), Kind.USER: (MemberRow.member_id, MemberRow.group_id)}
    for kind, (own, far) in ends.items():
        ids = [row.id for row in rows if row.kind == kind]
        if not ids:
            continue
        query = (
            select(own.label("own"), ResourceRow.id, ResourceRow.kind, ResourceRow.name)
            .join(ResourceRow, ResourceRow.id == far)
            .where(own.in_(ids))
            .order_by(far)
        )
        for link in session.execute(query):
            found[link.own].append(Link(link.id, Kind(link.kind), link.name))
    return found


def _require_known(session: Session, directory: str, members: Collection[str]) -> None:
    known = select(ResourceRow.id).where(ResourceRow.directory == directory, ResourceRow.id.in_(members))
    unknown = sorted(set(members) - set(session.scalars(known)))
    if unknown:
        named = ", ".join(repr(member[:60]) for member in unknown[:_MOST_NAMED])
        raise UnknownMemberError(f"{len(unknown)} members are not known to this directory: {named}")


def _require_free(session: Session, row: ResourceRow, draft: Draft) -> None:
    same_name = (ResourceRow.kind == draft.kind) & (ResourceRow.unique_name == draft.unique_name)
    same = same_name if draft.email is None else same_name | (ResourceRow.email == draft.email)
    with session.no_autoflush:
        holder = session.scalar(select(ResourceRow.directory).where(same, ResourceRow.id != row.id).limit(1))
    if holder is not None:
        raise _taken(draft, holder)


def _taken(draft: Draft, holder: str) -> NameTakenError:
    what = "user name or address" if draft.kind is Kind.USER else "display name"
    return NameTakenError(
        f"the {what} of {draft.name[:80]!r} is another's already",
        hint="it may be described by another directory: one only may claim a person or a group",
        holder=holder,
    )

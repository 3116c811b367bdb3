"""Who holds which roles where, asked of the database by name, by place, or below some folders."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import Session

from bailiwick.control.identity.model import RoleAssignment
from bailiwick.control.identity.tables import RoleRow


def roles_of(session: Session, names: Collection[str], below: Collection[str] | None = None) -> list[RoleAssignment]:
    """Return the roles that any of these names holds, by scope; only below some folders, where these are given."""
    return _assignments(session, RoleRow.holder.in_(names), *_below(below))


def roles_on(session: Session, scopes: Collection[str]) -> list[RoleAssignment]:
    """Return the roles that are held right on these scopes."""
    return _assignments(session, RoleRow.scope.in_(scopes))


def role_counts(session: Session, below: Collection[str] | None = None) -> dict[str, int]:
    """Return how many roles are held on each scope, everywhere or below some folders."""
    query = select(RoleRow.scope, func.count().label("number")).where(*_below(below)).group_by(RoleRow.scope)
    return {row.scope: row.number for row in session.execute(query)}


def holder_counts(session: Session, names: Collection[str], below: Collection[str] | None = None) -> dict[str, int]:
    """Return how many roles each of these names holds, everywhere or below some folders."""
    query = select(RoleRow.holder, func.count().label("number")).where(RoleRow.holder.in_(names), *_below(below))
    return {row.holder: row.number for row in session.execute(query.group_by(RoleRow.holder))}


def holders_below(session: Session, folders: Collection[str]) -> set[str]:
    """Return the names that hold a role in one of these folders, or on anything below."""
    return set(session.scalars(select(RoleRow.holder).where(*_below(folders)).distinct()))


def _below(folders: Collection[str] | None) -> list[ColumnElement[bool]]:
    """Return the condition that a role is held in one of these folders (written `folder:…`); None means everywhere."""
    if folders is None:
        return []
    within: list[ColumnElement[bool]] = [false()]
    for folder in folders:
        path = folder.partition(":")[2]
        within.append(RoleRow.scope == folder)
        within += [RoleRow.scope.startswith(f"{kind}:{path}/", autoescape=True) for kind in ("folder", "app")]
    return [or_(*within)]


def _assignments(session: Session, *where: ColumnElement[bool]) -> list[RoleAssignment]:
    query = select(RoleRow).where(*where).order_by(RoleRow.scope, RoleRow.role, RoleRow.holder)
    return [RoleAssignment(r.role, r.holder, r.scope, r.given_by, r.time) for r in session.scalars(query)]

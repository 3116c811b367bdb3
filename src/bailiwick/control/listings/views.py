"""Views of lists that people keep under a name. Whoever has a view's address may open it: it holds no rows, and each
sees in it what they may see.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.listings.tables import ListViewRow
from bailiwick.core.errors import ConflictError, InvalidInputError, NotFoundError
from bailiwick.core.ids import new_id

_NAME = re.compile(r"\w[\w .,'()-]{0,59}")
_MOST = 100

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ListView:
    """A view: which list, and what is asked of it."""

    id: str
    owner: str
    listing: str
    name: str
    pairs: tuple[tuple[str, str], ...]


def views_of(session: Session, owner: str, listing: str) -> list[ListView]:
    """Return somebody's own views of a list, by name."""
    own = select(ListViewRow).where(ListViewRow.owner == owner, ListViewRow.listing == listing)
    return [_view(row) for row in session.scalars(own.order_by(ListViewRow.name))]


def find_view(session: Session, view_id: str) -> ListView:
    """Return a view by its id; raise `NotFoundError` when there is none."""
    row = session.scalars(select(ListViewRow).where(ListViewRow.id == view_id)).one_or_none()
    if row is None:
        raise NotFoundError("there is no such view", hint="whoever saved it has removed it")
    return _view(row)


def save_view(session: Session, audit: AuditLog, owner: str, listing: str, name: str, pairs: Pairs) -> ListView:
    """Keep a view under a name, in place of the one that had it: its address stays."""
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise InvalidInputError("this is no name for a view", hint="take up to 60 letters, figures and spaces")
    others = select(func.count()).where(ListViewRow.owner == owner, ListViewRow.name != name)
    if (session.scalar(others) or 0) >= _MOST:
        raise ConflictError(f"you keep {_MOST} views already", hint="remove one first")
    query, now = {"pairs": [list(pair) for pair in pairs]}, audit.clock()
    row = insert(ListViewRow).values(id=new_id("view"), owner=owner, listing=listing, name=name, query=query, saved=now)
    kept = session.scalars(
        row.on_conflict_do_update(
            index_elements=["tenant", "owner", "listing", "name"], set_={"query": query, "saved": now}
        ).returning(ListViewRow)
    ).one()
    audit.note(session, owner, "view.saved", f"view:{kept.id}", after={"kind": listing, "name": name})
    return _view(kept)


def remove_view(session: Session, audit: AuditLog, owner: str, view_id: str) -> ListView:
    """Remove one of somebody's own views."""
    own = delete(ListViewRow).where(ListViewRow.owner == owner, ListViewRow.id == view_id)
    row = session.scalars(own.returning(ListViewRow)).one_or_none()
    if row is None:
        raise NotFoundError("you keep no such view", hint="views of others can only they remove")
    audit.note(session, owner, "view.removed", f"view:{row.id}", before={"kind": row.listing, "name": row.name})
    return _view(row)


def _view(row: ListViewRow) -> ListView:
    pairs = tuple((str(name), str(value)) for name, value in row.query["pairs"])
    return ListView(row.id, row.owner, row.listing, row.name, pairs)

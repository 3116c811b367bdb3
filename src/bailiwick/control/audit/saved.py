"""Searches that people keep under a name: their own, or shared with everybody who reads the log."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit.log import AuditLog
from bailiwick.control.audit.query import parse_terms
from bailiwick.control.audit.tables import SavedSearchRow
from bailiwick.core.errors import ConflictError, InvalidInputError, NotFoundError

_NAME = re.compile(r"\w[\w .,'()-]{0,59}")
_MOST = 100


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A search: its terms as they were written, so that `since=7d` goes on meaning the last week."""

    owner: str
    name: str
    shared: bool
    terms: tuple[str, ...]
    saved: datetime


def saved_searches(session: Session, who: str) -> list[SavedSearch]:
    """Return somebody's own searches and those that others share, by name."""
    visible = select(SavedSearchRow).where(or_(SavedSearchRow.owner == who, SavedSearchRow.shared))
    return [_search(row) for row in session.scalars(visible.order_by(SavedSearchRow.name, SavedSearchRow.owner))]


def save_search(
    session: Session, audit: AuditLog, who: str, name: str, terms: Sequence[str], *, shared: bool
) -> SavedSearch:
    """Keep a search under a name, in place of the one that had it. Raises `InvalidInputError` for terms that ask
    nothing, `ConflictError` when somebody keeps too many.
    """
    kept = [term.strip() for term in terms if term.strip()]
    if not _NAME.fullmatch(name):
        raise InvalidInputError("this is no name for a search", hint="take up to 60 letters, figures and spaces")
    now = audit.clock()
    if parse_terms(kept, now).is_empty:
        raise InvalidInputError("this search asks for nothing", hint="write terms such as action=app.*")
    own = select(func.count()).select_from(SavedSearchRow).where(SavedSearchRow.owner == who)
    others = session.scalar(own.where(SavedSearchRow.name != name)) or 0
    if others >= _MOST:
        raise ConflictError(f"you keep {_MOST} searches already", hint="remove one first")
    values = {"shared": shared, "query": {"terms": kept}, "saved": now}
    row = insert(SavedSearchRow).values(owner=who, name=name, **values)
    session.execute(row.on_conflict_do_update(index_elements=["tenant", "owner", "name"], set_=values))
    audit.note(session, who, "search.saved", f"search:{name}", after={"terms": tuple(kept), "shared": shared})
    return SavedSearch(who, name, shared, tuple(kept), now)


def remove_search(session: Session, audit: AuditLog, who: str, name: str) -> None:
    """Remove one of somebody's own searches; raise `NotFoundError` when they keep none of that name."""
    own = delete(SavedSearchRow).where(SavedSearchRow.owner == who, SavedSearchRow.name == name)
    removed = session.scalar(own.returning(SavedSearchRow.query))
    if removed is None:
        raise NotFoundError(f"you keep no search '{name[:60]}'", hint="searches of others can only they remove")
    audit.note(session, who, "search.removed", f"search:{name}", before={"terms": tuple(removed["terms"])})


def _search(row: SavedSearchRow) -> SavedSearch:
    return SavedSearch(row.owner, row.name, row.shared, tuple(row.query["terms"]), row.saved)

"""Delegations as they are kept, as values, and those that count now."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from bailiwick.control.delegations.model import Delegation
from bailiwick.control.delegations.tables import DelegationRow


def delegation_of(row: DelegationRow) -> Delegation:
    """Return a row as a delegation."""
    return Delegation(
        row.id,
        row.delegator,
        row.delegate,
        row.folder,
        row.reason,
        row.starts,
        row.until,
        row.made_at,
        row.ended_at,
        row.ended_by,
        row.end_reason,
    )


def in_force(session: Session, now: datetime, *where: ColumnElement[bool]) -> Sequence[Delegation]:
    """Return the delegations that count now, the oldest first; read at each decision: none outlives its time."""
    counts = (DelegationRow.ended_at.is_(None), DelegationRow.starts <= now, DelegationRow.until > now)
    query = select(DelegationRow).where(*counts, *where).order_by(DelegationRow.id)
    return [delegation_of(row) for row in session.scalars(query)]

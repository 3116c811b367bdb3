"""Reads and writes versions of policies: rows in the caller's transaction."""

import difflib
from collections.abc import Sequence

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.policies.model import PolicySet, PolicyVersion, State
from bailiwick.control.policies.tables import PolicyForceRow, PolicyVersionRow
from bailiwick.core.errors import NotFoundError
from bailiwick.core.policy import CustomerSet


def version_row(session: Session, name: str, version: int, *, lock: bool = False) -> PolicyVersionRow:
    """Return a version of a set; raise `NotFoundError` when there is none."""
    query = select(PolicyVersionRow).where(PolicyVersionRow.name == name, PolicyVersionRow.version == version)
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFoundError(
            f"there is no version {version} of policies '{name[:60]}'", hint=f"bailiwick policy history {name[:60]}"
        )
    return row


def active_row(session: Session, name: str) -> PolicyVersionRow | None:
    """Return the version of a set that is in force."""
    query = select(PolicyVersionRow).where(PolicyVersionRow.name == name, PolicyVersionRow.state == State.ACTIVE)
    return session.scalars(query).one_or_none()


def newest_row(session: Session, name: str) -> PolicyVersionRow | None:
    """Return the newest version of a set."""
    query = select(PolicyVersionRow).where(PolicyVersionRow.name == name)
    return session.scalars(query.order_by(PolicyVersionRow.version.desc()).limit(1)).one_or_none()


def history(session: Session, name: str) -> list[PolicyVersion]:
    """Return every version of a set, newest first."""
    query = select(PolicyVersionRow).where(PolicyVersionRow.name == name)
    return [as_version(row) for row in session.scalars(query.order_by(PolicyVersionRow.version.desc()))]


def all_sets(session: Session) -> list[PolicySet]:
    """Return every set, by name."""
    newest = select(PolicyVersionRow.name, func.max(PolicyVersionRow.version)).group_by(PolicyVersionRow.name)
    place = tuple_(PolicyVersionRow.name, PolicyVersionRow.version)
    shown = select(PolicyVersionRow).where(place.in_(newest) | (PolicyVersionRow.state == State.ACTIVE))
    rows = [as_version(row) for row in session.scalars(shown.order_by(PolicyVersionRow.name, PolicyVersionRow.version))]
    active = {row.name: row for row in rows if row.state is State.ACTIVE}
    last = {row.name: row for row in rows}
    return [PolicySet(name, row.scope, row, active.get(name)) for name, row in last.items()]


def active_sets(session: Session, *, without: str = "") -> list[CustomerSet]:
    """Return the sets that are in force, by name, but for one."""
    query = select(PolicyVersionRow).where(PolicyVersionRow.state == State.ACTIVE, PolicyVersionRow.name != without)
    return [as_set(row) for row in session.scalars(query.order_by(PolicyVersionRow.name))]


def locked_force(session: Session) -> PolicyForceRow:
    """Return what is in force; whoever changes it takes turns until they commit."""
    session.execute(insert(PolicyForceRow).values(generation=0, text="").on_conflict_do_nothing())
    locked = select(PolicyForceRow).with_for_update().execution_options(populate_existing=True)
    return session.scalars(locked).one()


def difference(before: str, after: str, *, names: Sequence[str]) -> str:
    """Return the unified diff of two texts; `names` are theirs."""
    # At line feeds only: a reviewer must see whatever else ends a line.
    old, new = (text.split("\n") if text else [] for text in (before, after))
    lines = difflib.unified_diff(old, new, names[0], names[1], lineterm="")
    return "\n".join(lines)


def as_set(row: PolicyVersionRow | PolicyVersion) -> CustomerSet:
    """Return a version as it is put into force."""
    return CustomerSet(row.name, row.version, row.scope, row.text)


def as_version(row: PolicyVersionRow) -> PolicyVersion:
    """Return a row as a plain value."""
    return PolicyVersion(
        name=row.name,
        version=row.version,
        scope=row.scope,
        text=row.text,
        tests=row.tests,
        author=row.author,
        reason=row.reason,
        time=row.time,
        state=State(row.state),
        decided_by=row.decided_by,
        decided_reason=row.decided_reason,
        decided_at=row.decided_at,
        activated_by=row.activated_by,
        activated_at=row.activated_at,
    )

"""Policies as they are put into force: rows in the caller's transaction."""

import hashlib

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.policies.model import PolicyVersion
from bailiwick.control.policies.tables import PolicyForceRow, PolicyVersionRow
from bailiwick.control.versions import Kind, State
from bailiwick.core.policy import CustomerSet, built_in_policies, scope_chain

POLICIES = Kind(PolicyVersionRow, PolicyVersion, noun="policy", a="policies", fact="policies")


def active_sets(session: Session, *, without: str = "") -> list[CustomerSet]:
    """Return the sets that are in force, by name, but for one."""
    query = select(PolicyVersionRow).where(PolicyVersionRow.state == State.ACTIVE, PolicyVersionRow.name != without)
    return [as_set(row) for row in session.scalars(query.order_by(PolicyVersionRow.name))]


def name_of_policies(base: str, session: Session, app_path: str) -> str:
    """Return a name for all policies that are in force for an app: another one when any of them changes.

    `base` is what stands beside the built-in ones whatever an organisation adds.
    """
    scopes = scope_chain(f"app:{app_path}")
    own = [f"{item.prefix}{item.scope} {item.text}" for item in active_sets(session) if item.scope in scopes]
    return hashlib.sha256("\0".join([built_in_policies(), base, *own]).encode()).hexdigest()


def locked_force(session: Session) -> PolicyForceRow:
    """Return what is in force; whoever changes it takes turns until they commit."""
    session.execute(insert(PolicyForceRow).values(generation=0, text="").on_conflict_do_nothing())
    locked = select(PolicyForceRow).with_for_update().execution_options(populate_existing=True)
    return session.scalars(locked).one()


def as_set(row: PolicyVersionRow | PolicyVersion) -> CustomerSet:
    """Return a version as it is put into force."""
    return CustomerSet(row.name, row.version, row.scope, row.text)

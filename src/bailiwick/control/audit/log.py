"""Append to the audit log: in the transaction of the change itself, in one order per tenant."""

from collections.abc import Sequence

from sqlalchemy import insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from bailiwick.control.audit.tables import EventRow, TreeRow
from bailiwick.core.events import AuditEvent, canonical_bytes
from bailiwick.core.merkle import Frontier, leaf_hash


class AuditLog:
    """The log of the tenant whose transaction it is used in."""

    def append(self, session: Session, event: AuditEvent) -> int:
        """Add one event; it is there exactly when the session's transaction commits. Returns its place."""
        return self.append_all(session, [event])

    def append_all(self, session: Session, events: Sequence[AuditEvent]) -> int:
        """Add events in order and return the place of the first.

        The lock on the tree's row makes writers of one tenant take turns until they commit, so places have no gaps.
        """
        tree = self._locked_tree(session)
        frontier = Frontier(tree.size, [bytes.fromhex(peak) for peak in tree.peaks])
        first = frontier.size
        rows = []
        for place, event in enumerate(events, start=first):
            body = canonical_bytes(event)
            leaf = leaf_hash(body)
            frontier.append(leaf)
            rows.append(_row(place, event, body, leaf))
        if rows:
            session.execute(insert(EventRow), rows)
        tree.size = frontier.size
        tree.peaks = [peak.hex() for peak in frontier.peaks]
        session.flush()
        return first

    def _locked_tree(self, session: Session) -> TreeRow:
        locked = select(TreeRow).with_for_update().execution_options(populate_existing=True)
        tree = session.scalars(locked).one_or_none()
        if tree is None:
            session.execute(upsert(TreeRow).values(size=0, peaks=[], tenant=_tenant(session)).on_conflict_do_nothing())
            tree = session.scalars(locked).one()
        return tree


def _tenant(session: Session) -> str:
    return str(session.scalar(text("SELECT current_setting('bailiwick.tenant')")))


def _row(place: int, event: AuditEvent, body: bytes, leaf: bytes) -> dict[str, object]:
    return {
        "tenant": event.tenant,
        "sequence": place,
        "event_id": event.id,
        "time": event.time,
        "actor": event.actor,
        "action": event.action,
        "resource": event.resource,
        "outcome": event.outcome.value,
        "app": event.app,
        "trace": event.trace,
        "body": body,
        "leaf": leaf,
    }

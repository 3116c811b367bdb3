"""Append to the audit log: in the transaction of the change itself, in one order per tenant."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from bailiwick.control.audit.tables import EventRow, TreeRow
from bailiwick.core.clock import Clock, utc_now
from bailiwick.core.event_words import words_of
from bailiwick.core.events import AuditEvent, ContextFact, Outcome, canonical_bytes
from bailiwick.core.masked_reports import masked_event
from bailiwick.core.masking import Masker
from bailiwick.core.merkle import Frontier, leaf_hash
from bailiwick.core.origin import current_origin
from bailiwick.store import TENANT_SETTING


@dataclass(frozen=True, slots=True)
class AuditLog:
    """The log of the tenant whose transaction it is used in. `masker` gives what takes known secrets out of events."""

    clock: Clock = utc_now
    masker: Callable[[Session], Masker] = lambda _: Masker()

    def note(
        self,
        session: Session,
        actor: str,
        action: str,
        resource: str,
        *,
        outcome: Outcome = Outcome.SUCCESS,
        reason: str = "",
        app: str = "",
        release: str = "",
        plane: str = "",
        deciders: tuple[str, ...] = (),
        context: Mapping[str, ContextFact] | None = None,
        before: Mapping[str, ContextFact] | None = None,
        after: Mapping[str, ContextFact] | None = None,
    ) -> int:
        """Add what happened now; the names and facts are those of `AuditEvent`. Returns its place.

        Where the request at hand came from, and whom an agent acts for, are added here.
        """
        origin = current_origin()
        event = AuditEvent(
            time=self.clock(),
            actor=actor,
            action=action,
            resource=resource,
            outcome=outcome,
            reason=reason,
            app=app,
            release=release,
            plane=plane,
            deciders=deciders,
            context=dict(context or {}),
            acting_for=actor.partition("/for/")[2] if actor.startswith("agent:") else "",
            client=origin.address,
            client_kind=origin.kind,
            before=before,
            after=after,
        )
        return self.append(session, event)

    def append(self, session: Session, event: AuditEvent) -> int:
        """Add one event; it is there exactly when the session's transaction commits. Returns its place."""
        return self.append_all(session, [event])

    def append_all(self, session: Session, events: Sequence[AuditEvent]) -> int:
        """Add events in order, as events of the transaction's tenant, and return the place of the first.

        The lock on the tree's row makes writers of one tenant take turns until they commit, so places have no gaps.
        """
        masker = self.masker(session)
        tree = self._locked_tree(session)
        frontier = Frontier(tree.size, [bytes.fromhex(peak) for peak in tree.peaks])
        first = frontier.size
        rows = []
        for place, event in enumerate(events, start=first):
            owned = masked_event(event, masker).model_copy(update={"tenant": tree.tenant})
            body = canonical_bytes(owned)
            leaf = leaf_hash(body)
            frontier.append(leaf)
            rows.append(_row(place, owned, body, leaf))
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
    return str(session.scalar(text("SELECT current_setting(:name)"), {"name": TENANT_SETTING}))


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
        "words": words_of(event),
    }

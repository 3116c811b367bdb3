"""The end of a conversation: by whoever had it, or once nobody spoke in it for as long as the settings say.

Its words, drafts and pictures go. What came of it stays: commits in git with their messages, which models made them and
what that took, and the audit log.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.studio.model import State
from bailiwick.control.studio.tables import BlobRow, ConversationRow, StepRow
from bailiwick.core.clock import Clock
from bailiwick.core.events import ContextFact
from bailiwick.store import Store

ACTOR = "service:studio-retention"
_AT_ONCE = 50


def remove(session: Session, row: ConversationRow) -> int:
    """Remove a conversation; return how many steps it had."""
    steps = session.scalar(select(func.count()).where(StepRow.conversation == row.id)) or 0
    session.execute(delete(StepRow).where(StepRow.conversation == row.id))
    session.execute(delete(BlobRow).where(BlobRow.conversation == row.id))
    session.delete(row)
    return steps


@dataclass(frozen=True)
class StudioKeeper:
    """Lets conversations expire that nobody spoke in for `days`; none does where that is None. A turn that gave no sign
    for as long as `silent` is over.
    """

    store: Store
    audit: AuditLog
    days: int | None
    silent: timedelta
    clock: Clock

    def keep(self) -> None:
        """Remove what is over its time, some conversations in a transaction, each with its event."""
        while self.days is not None and self._expire_some(self.days):
            pass

    def _expire_some(self, days: int) -> bool:
        now = self.clock()
        at_rest = (ConversationRow.state != State.WORKING.value) | (ConversationRow.beat < now - self.silent)
        query = select(ConversationRow).where(ConversationRow.updated < now - timedelta(days=days), at_rest)
        with self.store.transaction() as session:
            found = session.scalars(
                query.order_by(ConversationRow.updated).limit(_AT_ONCE).with_for_update(skip_locked=True)
            ).all()
            for row in found:
                words = f"nobody spoke in it for {days} days"
                facts: dict[str, ContextFact] = {"conversation": row.id, "steps": remove(session, row)}
                self.audit.note(
                    session, ACTOR, "studio.expired", f"app:{row.app}", reason=words, app=row.app, context=facts
                )
            return len(found) == _AT_ONCE

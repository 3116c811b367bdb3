"""What an access review does by itself: it reminds, it ends when it is due, and it does what was decided.

Everything is in rows, each step is one transaction with its audit events, and each may be done again: whatever stops in
the middle goes on where it stopped.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, case, false, func, select, true, update
from sqlalchemy.orm import Session

from bailiwick.control.access_reviews.model import Kind, OnDue, Outcome, State, Verdict
from bailiwick.control.access_reviews.rows import campaign_row, held_of
from bailiwick.control.access_reviews.sources import Source
from bailiwick.control.access_reviews.tables import CampaignRow, ItemRow
from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError
from bailiwick.core.events import AuditEvent, ContextFact
from bailiwick.core.events import Outcome as Ending
from bailiwick.core.principals import Identity, Principal
from bailiwick.store import Store

_BY = "service:access-reviews"
# So many items are done while somebody waits for the answer; more go on by themselves.
AT_ONCE = 200
_TWO_DAYS = timedelta(days=2)


class AccessReviewKeeper:
    """Keeps campaigns going. `on_change` is called when data planes must hear of what was taken away."""

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        sources: Sequence[Source],
        clock: Clock,
        on_change: Callable[[], None],
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._sources = {source.kind: source for source in sources}
        self._clock = clock
        self._on_change = on_change

    def keep_going(self) -> None:
        """Remind, end what is due, and do what was decided in what has ended."""
        with self._store.transaction() as session:
            query = select(CampaignRow.id).where(CampaignRow.state.in_([State.OPEN, State.CLOSING]))
            ids = list(session.scalars(query.order_by(CampaignRow.due)))
        faults: list[Exception] = []
        for campaign_id in ids:
            try:
                self.move(campaign_id)
            except Exception as fault:
                # One campaign must not hold up the others; what went wrong is told at the end, and done again.
                faults.append(fault)
        if faults:
            raise faults[0]

    def move(self, campaign_id: str, *, most: int | None = None) -> None:
        """Do what one campaign needs now; of what was decided `most` items at most, the rest being left for later."""
        with self._store.transaction() as session:
            row = campaign_row(session, campaign_id, lock="update")
            if row.state == State.OPEN and row.due <= self._clock():
                row.state, row.closed_by, row.closed_at = State.CLOSING, _BY, self._clock()
                self._audit.note(session, _BY, "access-review.ended", f"access-review:{row.id}", reason="it was due")
            elif row.state == State.OPEN:
                self._remind(session, row)
        removed, done = False, 0
        try:
            while (most is None or done < most) and (outcome := self._apply_next(campaign_id)) is not None:
                removed, done = removed or outcome is Outcome.REMOVED, done + 1
        finally:
            if removed:
                self._on_change()

    def _remind(self, session: Session, row: CampaignRow) -> None:
        """Note the reminders whose time has come; after a long silence only the last of them is worth an event."""
        passed = [
            name for name, moment in reminders(row.opened_at or row.created_at, row.due) if moment <= self._clock()
        ]
        new = [name for name in passed if name not in row.reminded]
        if not new:
            return
        row.reminded = passed
        waiting = session.scalar(
            select(func.count()).select_from(ItemRow).where(ItemRow.campaign == row.id, ItemRow.verdict == "")
        )
        context: dict[str, ContextFact] = {
            "name": row.name,
            "which": new[-1],
            "undecided": waiting or 0,
            "due": row.due.isoformat(),
        }
        self._audit.note(session, _BY, "access-review.reminded", f"access-review:{row.id}", context=context)

    def _apply_next(self, campaign_id: str) -> Outcome | None:
        """Do what was decided about one item, and return what became of it; None when nothing is left to do.

        One item a transaction: each takes its locks in the order in which everybody takes them, the audit log's last.
        """
        with self._store.transaction() as session:
            row = campaign_row(session, campaign_id, lock="update")
            if row.state != State.CLOSING:
                return None
            left = (ItemRow.campaign == row.id, ItemRow.outcome == "", goes(OnDue(row.on_due)))
            item = session.scalars(select(ItemRow).where(*left).order_by(ItemRow.number).limit(1)).one_or_none()
            if item is None:
                self._finish(session, row)
                return None
            outcome, words = self._remove(session, row, item)
            item.outcome, item.outcome_words = outcome, words
            if outcome in {Outcome.CHANGED, Outcome.PROBLEM}:
                self._audit.append(session, self._failed(row, item, outcome, words))
            return outcome

    def _failed(self, row: CampaignRow, item: ItemRow, outcome: Outcome, words: str) -> AuditEvent:
        return AuditEvent(
            time=self._clock(),
            actor=_BY,
            action="access-review.not-applied",
            resource=f"access-review:{row.id}",
            outcome=Ending.FAILED,
            reason=words,
            context={
                "item": item.number,
                "outcome": outcome.value,
                "holder": item.holder,
                "access": item.access,
                "scope": item.scope,
            },
        )

    def _remove(self, session: Session, row: CampaignRow, item: ItemRow) -> tuple[Outcome, str]:
        why = f"{item.reason} ({item.decided_by})" if item.verdict else f"nobody decided by {row.due:%Y-%m-%d}"
        identity = Identity.of_service(Principal.parse(_BY))
        try:
            self._authorizer.require(session, identity, "access-review.apply", ORGANIZATION, {"decided": True})
            held = held_of(item)
            return self._sources[Kind(item.kind)].remove(
                session, held, by=_BY, reason=f"access review '{row.name}': {why}"
            )
        except BailiwickError as fault:
            return Outcome.PROBLEM, f"{fault.message}{f': {fault.hint}' if fault.hint else ''}"

    def _finish(self, session: Session, row: CampaignRow) -> None:
        """Say of everything that stays that it does, and close."""
        stays = update(ItemRow).where(ItemRow.campaign == row.id, ItemRow.outcome == "")
        said = case((ItemRow.verdict != "", Outcome.KEPT.value), else_=Outcome.UNDECIDED.value)
        session.execute(stays.values(outcome=said), execution_options={"synchronize_session": False})
        query = select(ItemRow.outcome, func.count()).where(ItemRow.campaign == row.id).group_by(ItemRow.outcome)
        row.state = State.CLOSED
        counts = {str(outcome): int(number) for outcome, number in session.execute(query)}
        self._audit.note(
            session, _BY, "access-review.closed", f"access-review:{row.id}", context={"name": row.name, **counts}
        )


def goes(on_due: OnDue) -> ColumnElement[bool]:
    """Return the condition that an item is taken away when the campaign is over."""
    undecided = {OnDue.KEEP: false(), OnDue.REMOVE_PRIVILEGED: ItemRow.privileged, OnDue.REMOVE: true()}
    return (ItemRow.verdict == Verdict.REMOVE) | ((ItemRow.verdict == "") & undecided[on_due])


def reminders(opened: datetime, due: datetime) -> list[tuple[str, datetime]]:
    """Return when reviewers are reminded, in order: those that would come before the campaign began are left out."""
    planned = [
        ("start", opened),
        ("half-time", opened + (due - opened) / 2),
        ("two-days", due - _TWO_DAYS),
        ("due-day", due.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)),
    ]
    return sorted(((name, moment) for name, moment in planned if moment >= opened), key=lambda item: item[1])

"""Whoever a budget of models is of hears that it is nearly used, and that it stops calls: once each in its period."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import ORGANIZATION, Authorizer, people_called
from bailiwick.control.inference.tables import BudgetNoticeRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import NotFoundError
from bailiwick.core.events import AuditEvent
from bailiwick.core.ids import new_id
from bailiwick.core.principals import Identity
from bailiwick.store import Store

_LEVELS = {"model.budget-warned": "near", "model.budget-stopped": "stopped"}
BUDGET_EVENTS = frozenset(_LEVELS)
_KEPT = timedelta(days=70)
_LONGEST = 300
_FORMS = ("%Y-%m-%d", "%Y-%m")


@dataclass(frozen=True, slots=True)
class BudgetNotice:
    """That a budget is `near` its limit or has `stopped` calls, of whom it is, and in which day or month."""

    id: str
    budget: str
    of: str
    period: str
    level: str
    words: str
    time: datetime

    @property
    def sentence(self) -> str:
        """It in words."""
        what = "stops calls" if self.level == "stopped" else "is nearly used"
        return f"The budget {self.budget} of {self.of} {what} in {self.period}: {self.words}"


Announce = Callable[[Session, BudgetNotice, Sequence[Identity]], None]


@dataclass(frozen=True)
class BudgetNotices:
    """`owners` returns who answers for apps, by path; `announce` tells people by mail and in chats."""

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    owners: Callable[[Session, Collection[str]], Mapping[str, str]]
    announce: Announce
    clock: Clock

    def take(self, session: Session, event: AuditEvent, known: Collection[str]) -> None:
        """Take in what a plane says of a budget that there is; what was told before in its period is told no more."""
        level = _LEVELS.get(event.action)
        budget, period = str(event.context.get("budget", "")), str(event.context.get("period", ""))
        now = self.clock()
        if level is None or budget not in known or period not in _periods(now):
            return
        people = self._people(session, event.resource)
        row = {
            "id": new_id("bgt"),
            "budget": budget,
            "of": event.resource[:_LONGEST],
            "period": period,
            "level": level,
            "words": event.reason[:_LONGEST],
            "people": [str(person.principal) for person in people],
            "time": now,
        }
        added = insert(BudgetNoticeRow).values(**row).on_conflict_do_nothing().returning(BudgetNoticeRow.id)
        if session.scalar(added) is not None:
            session.execute(delete(BudgetNoticeRow).where(BudgetNoticeRow.time < now - _KEPT))
            self.announce(session, _notice(session.get_one(BudgetNoticeRow, row["id"])), people)

    def waiting(self, session: Session, identity: Identity) -> list[BudgetNotice]:
        """Return what somebody was told of in the day and the month that it is now, and did not put away."""
        query = select(BudgetNoticeRow).where(
            BudgetNoticeRow.period.in_(_periods(self.clock())),
            BudgetNoticeRow.people.contains([str(identity.principal)]),
        )
        return [_notice(row) for row in session.scalars(query.order_by(BudgetNoticeRow.time.desc()))]

    def put_away(self, by: Identity, notice: str) -> None:
        """Take a notice out of somebody's inbox; it stays in that of others."""
        with self.store.transaction() as session:
            row = session.get(BudgetNoticeRow, notice, with_for_update=True)
            who = str(by.principal)
            if row is None or who not in row.people:
                raise NotFoundError(f"nothing of your inbox is called '{notice[:60]}'", hint="it was put away already")
            row.people = [person for person in row.people if person != who]
            self.audit.note(
                session, who, "model.budget-notice-seen", row.of, context={"budget": row.budget, "period": row.period}
            )

    def _people(self, session: Session, of: str) -> list[Identity]:
        """Return whom a budget is of: that person, an app's owner, the administrators of a folder, else of all."""
        kind, _, name = of.partition(":")
        found: list[Identity] = []
        if kind == "user":
            found = people_called(session, [of])
        elif kind == "app":
            owner = self.owners(session, [name]).get(name, "")
            found = people_called(session, [owner]) if owner else []
        if not found and kind in {"app", "folder"}:
            found = self._holders(session, of, "folder-admin")
        return found or self._holders(session, ORGANIZATION, "org-admin")

    def _holders(self, session: Session, resource: str, role: str) -> list[Identity]:
        names = self.authorizer.holders_of(session, [resource])[resource].roles.get(role, frozenset())
        return people_called(session, names) if names else []


def _periods(now: datetime) -> tuple[str, ...]:
    return tuple(now.strftime(form) for form in _FORMS)


def _notice(row: BudgetNoticeRow) -> BudgetNotice:
    return BudgetNotice(row.id, row.budget, row.of, row.period, row.level, row.words, row.time)

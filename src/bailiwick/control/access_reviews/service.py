"""Access reviews: plan a campaign, open it with frozen evidence, decide in it, and end it."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, false, func, insert, or_, select, text
from sqlalchemy.orm import Session

from bailiwick.control.access_reviews.asking import Asking
from bailiwick.control.access_reviews.errors import NotOpenError
from bailiwick.control.access_reviews.model import (
    Campaign,
    Item,
    ItemFilter,
    ItemPage,
    OnDue,
    Plan,
    State,
    Verdict,
    Waiting,
)
from bailiwick.control.access_reviews.plans import check_plan
from bailiwick.control.access_reviews.rows import (
    campaign_of,
    campaign_row,
    conditions,
    item_of,
    new_item,
    plan_of,
    unknown,
)
from bailiwick.control.access_reviews.sources import Source
from bailiwick.control.access_reviews.tables import CampaignRow, ItemRow
from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import Authorizer
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError, NotFoundError
from bailiwick.core.events import AuditEvent
from bailiwick.core.ids import new_id
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

MAX_PAGE = 500
MAX_BULK = 1000
# The roles that policy lets decide; whoever a campaign names decides too.
_DECIDING = frozenset({"org-admin", "security-admin", "folder-admin"})


class _Count(NamedTuple):
    scope: str
    answers: bool
    items: int
    decided: int
    removing: int


class AccessReviewService:
    """Campaigns and decisions. Each verb is one transaction with its audit events; `sources` say what is reviewed."""

    def __init__(
        self, *, store: Store, audit: AuditLog, authorizer: Authorizer, sources: Sequence[Source], clock: Clock
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._sources = {source.kind: source for source in sources}
        self._clock = clock

    def draft(self, identity: Identity, plan: Plan) -> Campaign:
        """Plan a campaign. Nothing is looked at, and nobody is asked, before it is opened."""
        with self._store.transaction() as session:
            self._require_manage(session, identity, plan)
            check_plan(session, plan, kinds=self._sources.keys(), now=self._clock())
            row = CampaignRow(
                id=new_id("arc"),
                name=plan.name.strip(),
                scope=plan.scope,
                kinds=sorted(kind.value for kind in plan.kinds),
                reviewers=list(plan.reviewers),
                due=plan.due,
                on_due=plan.on_due.value,
                state=State.DRAFT,
                created_by=str(identity.principal),
                created_at=self._clock(),
                closed_by="",
                reminded=[],
            )
            session.add(row)
            session.flush()
            self._note(session, identity, "access-review.drafted", row, scope=plan.scope, due=plan.due.isoformat())
            return campaign_of(row)

    def open(self, identity: Identity, campaign_id: str) -> Campaign:
        """Open a draft: freeze what everybody holds, with evidence of use, as items to decide about."""
        with self._store.transaction() as session:
            row = self._managed(session, identity, campaign_id)
            if row.state != State.DRAFT:
                raise ConflictError(f"this access review is {row.state} already")
            plan, now = plan_of(row), self._clock()
            check_plan(session, plan, kinds=self._sources.keys(), now=self._clock())
            held = [
                item for kind in sorted(plan.kinds) for item in self._sources[kind].collect(session, row.scope, now)
            ]
            if not held:
                raise ConflictError(f"nobody holds anything under {row.scope}: there is nothing to review")
            held.sort(key=lambda item: (not item.privileged, item.holder, item.scope, item.kind, item.access))
            session.execute(
                insert(ItemRow), [new_item(row.id, place, item) for place, item in enumerate(held, start=1)]
            )
            row.state, row.opened_at = State.OPEN, now
            self._note(session, identity, "access-review.opened", row, scope=row.scope, items=len(held))
            return campaign_of(row, items=len(held))

    def decide(
        self, identity: Identity, campaign_id: str, numbers: Collection[int], verdict: Verdict, reason: str
    ) -> int:
        """Say of items that they stay or go; all of them or, when one of them may not be decided, none.

        A decision can be changed until the campaign is over, and takes effect then. Returns how many were decided.
        """
        wanted, because = sorted(set(numbers)), reason.strip()
        if not wanted or len(wanted) > MAX_BULK:
            raise InvalidInputError(f"name between 1 and {MAX_BULK:,} items to decide about")
        if verdict is Verdict.REMOVE and not because:
            raise InvalidInputError(
                "taking access away needs a reason", hint="say why: the holder and auditors read it"
            )
        with self._store.transaction() as session:
            row = campaign_row(session, campaign_id, lock="share")
            asking = Asking(self._authorizer, session, identity)
            readable = asking.readable(row)
            self._require_open(row)
            items = self._locked(session, row, wanted, readable)
            asking.learn({item.scope for item in items})
            for item in items:
                about = f"item {item.number} ({item.holder}: {item.access} on {item.scope})"
                asking.deciding_item(plan_of(row), item).require(f"{about} is for somebody else; nothing was decided")
            first = self._audit.append_all(
                session, [self._decision_event(identity, row, item, verdict, because) for item in items]
            )
            for place, item in enumerate(items):
                item.verdict, item.reason, item.sequence = verdict.value, because, first + place
                item.decided_by, item.decided_at = str(identity.principal), self._clock()
            return len(items)

    def close(self, identity: Identity, campaign_id: str, reason: str) -> Campaign:
        """End a campaign before it is due: what was decided is done next, as it would be then. A draft is dropped."""
        reason = given_reason(reason, what="ending an access review")
        with self._store.transaction() as session:
            row = self._managed(session, identity, campaign_id)
            if row.state not in {State.DRAFT, State.OPEN}:
                raise ConflictError(f"this access review is {row.state} already")
            was_open = row.state == State.OPEN
            row.state = State.CLOSING if was_open else State.CLOSED
            row.closed_by, row.closed_at = str(identity.principal), self._clock()
            self._audit.note(session, row.closed_by, "access-review.ended", f"access-review:{row.id}", reason=reason)
            return campaign_of(row)

    def campaign(self, session: Session, identity: Identity, campaign_id: str) -> Campaign:
        """Return a campaign, counting the items that the asker may see."""
        row = campaign_row(session, campaign_id)
        found = self._counted(session, identity, [row])
        if not found:
            raise unknown(campaign_id)
        return found[0]

    def campaigns(self, session: Session, identity: Identity) -> list[Campaign]:
        """Return the campaigns that the asker may see, newest first, counting the items that they may see."""
        rows = session.scalars(select(CampaignRow).order_by(CampaignRow.created_at.desc(), CampaignRow.id)).all()
        return self._counted(session, identity, rows)

    def _counted(self, session: Session, identity: Identity, rows: Sequence[CampaignRow]) -> list[Campaign]:
        """Return those of these campaigns that may be seen; items are counted by scope, with one question for all."""
        asking = Asking(self._authorizer, session, identity)
        query = select(
            ItemRow.campaign,
            ItemRow.scope,
            asking.answering().label("answering"),
            func.count(),
            func.count().filter(ItemRow.verdict != ""),
            func.count().filter(ItemRow.verdict == Verdict.REMOVE),
        ).where(ItemRow.campaign.in_([row.id for row in rows]))
        counts: dict[str, list[_Count]] = {}
        grouped = query.group_by(ItemRow.campaign, ItemRow.scope, text("answering"))
        for campaign_id, scope, answers, *numbers in session.execute(grouped):
            counts.setdefault(campaign_id, []).append(_Count(scope, answers, *numbers))
        asking.learn({row.scope for row in rows})
        seen = []
        for row in rows:
            plan, of_scopes = plan_of(row), counts.get(row.id, [])
            if not asking.may_read(row.scope, plan):
                near = set(asking.near(plan, [it.scope for it in of_scopes]))
                asking.learn(near)
                of_scopes = [
                    it
                    for it in of_scopes
                    if (it.answers or it.scope in near) and asking.may_read(it.scope, plan, answers=it.answers)
                ]
                if not of_scopes:
                    continue
            counted = campaign_of(
                row,
                items=sum(it.items for it in of_scopes),
                decided=sum(it.decided for it in of_scopes),
                removing=sum(it.removing for it in of_scopes),
            )
            seen.append(counted)
        return seen

    def items(
        self,
        session: Session,
        identity: Identity,
        campaign_id: str,
        wanted: ItemFilter | None = None,
        *,
        cursor: str = "",
        limit: int = 100,
    ) -> ItemPage:
        """Return a page of the items that the asker may see, in order, and which of them they may decide about."""
        if cursor and not cursor.isdecimal():
            raise InvalidInputError("this cursor is not one of ours", hint="start again without a cursor")
        row = campaign_row(session, campaign_id)
        asking = Asking(self._authorizer, session, identity)
        where = conditions(row.id, wanted or ItemFilter(), asking.readable(row))
        most = min(max(limit, 1), MAX_PAGE)
        query = select(ItemRow).where(*where, ItemRow.number > int(cursor or 0)).order_by(ItemRow.number)
        rows = session.scalars(query.limit(most + 1)).all()
        shown = rows[:most]
        mine = asking.mine(shown, plan_of(row)) if row.state == State.OPEN else frozenset()
        further = str(shown[-1].number) if len(rows) > most else ""
        return ItemPage(tuple(item_of(item) for item in shown), further, mine)

    def item(self, session: Session, identity: Identity, campaign_id: str, number: int) -> Item:
        """Return one item."""
        page = self.items(session, identity, campaign_id, cursor=str(max(number - 1, 0)), limit=1)
        if not page.items or page.items[0].number != number:
            raise NotFoundError(f"the access review has no item {number}, or you may not see it")
        return page.items[0]

    def exported(self, identity: Identity, campaign_id: str) -> tuple[Campaign, list[Item]]:
        """Return a campaign and all of its items that the asker may see, as evidence; that it was taken is audited."""
        with self._store.transaction() as session:
            campaign = self.campaign(session, identity, campaign_id)
            found: list[Item] = []
            cursor = ""
            while True:
                page = self.items(session, identity, campaign_id, cursor=cursor, limit=MAX_PAGE)
                found += page.items
                cursor = page.cursor
                if not cursor:
                    break
            row = campaign_row(session, campaign_id)
            self._note(session, identity, "access-review.exported", row, items=len(found))
            return campaign, found

    def waiting(self, session: Session, identity: Identity) -> list[Waiting]:
        """Return the open campaigns with undecided items that the asker may decide about, the most urgent first."""
        found = []
        asking = Asking(self._authorizer, session, identity)
        query = select(CampaignRow).where(CampaignRow.state == State.OPEN, CampaignRow.due > self._clock())
        for row in session.scalars(query.order_by(CampaignRow.due)):
            items = self._waiting_in(session, row, asking)
            if items:
                found.append(Waiting(campaign_of(row), items))
        return found

    def waits_for(self, session: Session, identity: Identity) -> list[Campaign]:
        """Return the campaigns that wait for somebody, the most urgent first, without counting what in them does.

        This is asked on every page, so most often one row is looked at: the first item that is not about oneself.
        """
        asking = Asking(self._authorizer, session, identity)
        query = select(CampaignRow).where(CampaignRow.state == State.OPEN, CampaignRow.due > self._clock())
        return [
            campaign_of(row)
            for row in session.scalars(query.order_by(CampaignRow.due))
            if self._any_in(session, row, asking) or self._waiting_in(session, row, asking)
        ]

    def _any_in(self, session: Session, row: CampaignRow, asking: Asking) -> bool:
        plan = plan_of(row)
        if not asking.near(plan, [row.scope], _DECIDING):
            return False
        undecided = (ItemRow.campaign == row.id, ItemRow.verdict == "", ~asking.own())
        first = session.scalars(select(ItemRow).where(*undecided).order_by(ItemRow.number).limit(1)).one_or_none()
        return first is not None and asking.deciding_item(plan, first).within_reach

    def _waiting_in(self, session: Session, row: CampaignRow, asking: Asking) -> int:
        """Count by what policy is asked about: a campaign of 10,000 items has few different questions."""
        plan = plan_of(row)
        if not (asking.is_named(plan) or asking.places(_DECIDING) or asking.answers_in(row)):
            return 0
        undecided = (ItemRow.campaign == row.id, ItemRow.verdict == "")
        scopes = session.scalars(select(ItemRow.scope).where(*undecided).distinct())
        near = asking.near(plan, scopes, _DECIDING)
        answers = asking.answering() if asking.answers_in(row) else false()
        asking.learn(near)
        asked = (ItemRow.scope, ItemRow.privileged, asking.own().label("is_own"), answers.label("answering"))
        query = select(*asked, func.count()).where(*undecided, or_(ItemRow.scope.in_(near), answers))
        groups = session.execute(query.group_by(ItemRow.scope, ItemRow.privileged, text("is_own"), text("answering")))
        return sum(
            number
            for scope, privileged, own, answers, number in groups
            if asking.deciding(plan, scope, privileged=privileged, own=own, answers=answers).within_reach
        )

    def _locked(
        self, session: Session, row: CampaignRow, numbers: Sequence[int], readable: ColumnElement[bool]
    ) -> Sequence[ItemRow]:
        where = (*conditions(row.id, ItemFilter(), readable), ItemRow.number.in_(numbers))
        items = session.scalars(select(ItemRow).where(*where).order_by(ItemRow.number).with_for_update()).all()
        missing = sorted(set(numbers) - {item.number for item in items})
        if missing:
            raise NotFoundError(f"the access review has no item {missing[0]}, or you may not see it")
        return items

    def _decision_event(
        self, identity: Identity, row: CampaignRow, item: ItemRow, verdict: Verdict, reason: str
    ) -> AuditEvent:
        return AuditEvent(
            time=self._clock(),
            actor=str(identity.principal),
            action="access-review.decided",
            resource=f"access-review:{row.id}",
            reason=reason,
            context={
                "item": item.number,
                "verdict": verdict.value,
                "before": item.verdict,
                "holder": item.holder,
                "access": item.access,
                "scope": item.scope,
            },
        )

    def _managed(self, session: Session, identity: Identity, campaign_id: str) -> CampaignRow:
        row = campaign_row(session, campaign_id, lock="update")
        Asking(self._authorizer, session, identity).readable(row)
        self._require_manage(session, identity, plan_of(row))
        return row

    def _require_manage(self, session: Session, identity: Identity, plan: Plan) -> None:
        if not plan.scope.startswith(("organization:", "folder:")):
            raise InvalidInputError(
                f"'{plan.scope[:80]}' cannot be reviewed", hint="write organization:default or folder:finance"
            )
        context = {"removes": plan.on_due is not OnDue.KEEP}
        self._authorizer.require(session, identity, "access-review.manage", plan.scope, context)

    def _require_open(self, row: CampaignRow) -> None:
        if row.state != State.OPEN or row.due <= self._clock():
            words = "is over" if row.state in {State.CLOSING, State.CLOSED, State.OPEN} else "was not opened yet"
            raise NotOpenError(f"this access review {words}: nothing can be decided in it")

    def _note(self, session: Session, identity: Identity, action: str, row: CampaignRow, **facts: Any) -> None:
        who = str(identity.principal)
        self._audit.note(session, who, action, f"access-review:{row.id}", context={"name": row.name, **facts})

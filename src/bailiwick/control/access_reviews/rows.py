"""Between rows and values: what is kept of a campaign and its items, and how items are asked for."""

from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from bailiwick.control.access_reviews.model import (
    Campaign,
    Evidence,
    Held,
    Item,
    ItemFilter,
    Kind,
    OnDue,
    Outcome,
    Plan,
    State,
    Verdict,
)
from bailiwick.control.access_reviews.tables import CampaignRow, ItemRow
from bailiwick.core.errors import NotFoundError

_DECIDED = {
    "yes": ItemRow.verdict != "",
    "no": ItemRow.verdict == "",
    "keep": ItemRow.verdict == Verdict.KEEP,
    "remove": ItemRow.verdict == Verdict.REMOVE,
}


def plan_of(row: CampaignRow) -> Plan:
    """Return what a campaign should be."""
    kinds = frozenset(Kind(kind) for kind in row.kinds)
    return Plan(row.name, row.scope, row.due, kinds, tuple(row.reviewers), OnDue(row.on_due))


def campaign_of(row: CampaignRow, *, items: int = 0, decided: int = 0, removing: int = 0) -> Campaign:
    """Return a campaign as a value, with how far it is."""
    return Campaign(
        id=row.id,
        plan=plan_of(row),
        state=State(row.state),
        created_by=row.created_by,
        created_at=row.created_at,
        opened_at=row.opened_at,
        closed_by=row.closed_by,
        closed_at=row.closed_at,
        reminded=tuple(row.reminded),
        items=items,
        decided=decided,
        removing=removing,
    )


def held_of(row: ItemRow) -> Held:
    """Return what an item is about."""
    own = frozenset(row.own)
    evidence = Evidence.from_json(row.evidence)
    answers = frozenset(row.answers)
    return Held(Kind(row.kind), row.holder, row.access, row.scope, row.privileged, own, evidence, answers)


def item_of(row: ItemRow) -> Item:
    """Return an item as a value."""
    return Item(
        number=row.number,
        held=held_of(row),
        verdict=Verdict(row.verdict) if row.verdict else None,
        reason=row.reason,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        sequence=row.sequence,
        outcome=Outcome(row.outcome) if row.outcome else None,
        outcome_words=row.outcome_words,
    )


def new_item(campaign: str, number: int, held: Held) -> dict[str, Any]:
    """Return the columns of an item that nobody decided yet."""
    return {
        "campaign": campaign,
        "number": number,
        "kind": held.kind.value,
        "holder": held.holder,
        "access": held.access,
        "scope": held.scope,
        "privileged": held.privileged,
        "own": sorted(held.own),
        "answers": sorted(held.answers),
        "evidence": held.evidence.to_json(),
        "verdict": "",
        "reason": "",
        "decided_by": "",
        "outcome": "",
        "outcome_words": "",
    }


def campaign_row(session: Session, campaign_id: str, *, lock: str = "") -> CampaignRow:
    """Return a campaign's row; `lock` is "share" for whoever decides in it and "update" for whoever changes it."""
    query = select(CampaignRow).where(CampaignRow.id == campaign_id).execution_options(populate_existing=True)
    if lock:
        query = query.with_for_update(read=lock == "share")
    row = session.scalars(query).one_or_none()
    if row is None:
        raise unknown(campaign_id)
    return row


def unknown(campaign_id: str) -> NotFoundError:
    """Return what is said of a campaign that is not there or may not be seen: the same."""
    return NotFoundError(
        f"there is no access review '{campaign_id[:60]}', or you may not see it",
        hint="bailiwick access-review list shows those you may see",
    )


def conditions(campaign_id: str, wanted: ItemFilter, readable: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    """Return what rows must meet; `readable` says which the asker may see."""
    found: list[ColumnElement[bool]] = [ItemRow.campaign == campaign_id, readable]
    if wanted.flag:
        found.append(ItemRow.evidence["flags"].contains([wanted.flag]))
    if wanted.decided in _DECIDED:
        found.append(_DECIDED[wanted.decided])
    if wanted.holder:
        found.append(ItemRow.holder == wanted.holder)
    if wanted.text:
        columns = (ItemRow.holder, ItemRow.access, ItemRow.scope)
        found.append(or_(*(column.icontains(wanted.text, autoescape=True) for column in columns)))
    return found

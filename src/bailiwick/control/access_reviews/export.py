"""An access review as evidence: every item with what was known, who decided what and when, and what became of it."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from bailiwick.control.access_reviews.model import Campaign, Item

COLUMNS = (
    "number", "kind", "holder", "access", "scope", "privileged", "flags", "given_by", "given_at", "last_sign_in",
    "last_used", "uses_90_days", "members", "also", "details", "verdict", "reason", "decided_by", "decided_at",
    "audit_sequence", "outcome", "outcome_words",
)  # fmt: skip
# A spreadsheet takes a cell that begins like this for a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def campaign_json(campaign: Campaign) -> dict[str, Any]:
    """Return a campaign for programs."""
    plan = campaign.plan
    return {
        "id": campaign.id,
        "name": plan.name,
        "scope": plan.scope,
        "kinds": sorted(plan.kinds),
        "reviewers": list(plan.reviewers) or "owners",
        "due": plan.due.isoformat(),
        "on_due": plan.on_due.value,
        "state": campaign.state.value,
        "created_by": campaign.created_by,
        "created_at": campaign.created_at.isoformat(),
        "opened_at": campaign.opened_at.isoformat() if campaign.opened_at else None,
        "closed_by": campaign.closed_by or None,
        "closed_at": campaign.closed_at.isoformat() if campaign.closed_at else None,
        "reminded": list(campaign.reminded),
        "items": campaign.items,
        "decided": campaign.decided,
        "removing": campaign.removing,
    }


def item_json(item: Item) -> dict[str, Any]:
    """Return an item for programs, in the order of `COLUMNS`."""
    held, evidence = item.held, item.held.evidence
    known = evidence.to_json()
    return {
        "number": item.number,
        "kind": held.kind.value,
        "holder": held.holder,
        "access": held.access,
        "scope": held.scope,
        "privileged": held.privileged,
        "flags": known["flags"],
        "given_by": evidence.given_by,
        "given_at": known["given_at"],
        "last_sign_in": known["last_sign_in"],
        "last_used": known["last_used"],
        "uses_90_days": evidence.uses,
        "members": evidence.members,
        "also": known["also"],
        "details": known["details"],
        "verdict": item.verdict.value if item.verdict else None,
        "reason": item.reason,
        "decided_by": item.decided_by or None,
        "decided_at": item.decided_at.isoformat() if item.decided_at else None,
        "audit_sequence": item.sequence,
        "outcome": item.outcome.value if item.outcome else None,
        "outcome_words": item.outcome_words,
    }


def csv_lines(items: Iterable[Item]) -> Iterator[str]:
    """Yield items as CSV (RFC 4180) with a head; nothing in it is a formula to a spreadsheet."""
    yield _line(COLUMNS)
    for item in items:
        yield _line(item_json(item).values())


def _line(values: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([_cell(value) for value in values])
    return text.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    words = "; ".join(str(part) for part in value) if isinstance(value, list) else str(value)
    return f"'{words}" if words.startswith(_FORMULA) else words

"""Expiry: takes the content of events away whose retention has ended, and leaves their place and hash in the tree.

The tree, its checkpoints and its proofs stay as they were. Each removal is an event that names the places, so that a
content that is missing without one is found. How old an event is, is measured three times: by its own time, by the
first checkpoint that covers it (a data plane's clock may be wrong), and by `horizon`, a clock that follows the real
one slowly, so that one that jumps by years takes nothing at once. The database refuses what is younger than 90 days,
and what a hold keeps, by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, not_, or_, select, text
from sqlalchemy.orm import Session

from bailiwick.control.audit.expiry_check import EXPIRED
from bailiwick.control.audit.holds import held
from bailiwick.control.audit.log import AuditLog
from bailiwick.control.audit.tables import CheckpointRow, EventRow, RetentionRow
from bailiwick.core.events import ContextFact

ACTOR = "service:audit-retention"
LEAST_DAYS = 90
# A run advances the horizon by this much at most: runs lie minutes apart, so a jump by years takes months.
_LONGEST_STRIDE = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """How many days events are kept: by the longest beginning of their action in `classes`, else `days`."""

    days: int = 365
    classes: Mapping[str, int] = field(default_factory=dict)

    def days_for(self, action: str) -> int:
        """Return how many days events of an action are kept."""
        fitting = [name for name in self.classes if action.startswith(name)]
        return self.classes[max(fitting, key=len)] if fitting else self.days


def advance_horizon(session: Session, now: datetime) -> datetime:
    """Bring the horizon nearer to now, and return it. It begins at the newest event, and never is in the future."""
    row = session.scalars(select(RetentionRow).with_for_update()).one_or_none()
    if row is None:
        newest = session.scalar(select(EventRow.time).order_by(EventRow.sequence.desc()).limit(1))
        row = RetentionRow(horizon=min(now, newest or now))
        session.add(row)
    row.horizon = min(now, row.horizon + _LONGEST_STRIDE)
    session.flush()
    return row.horizon


def horizon_of(session: Session) -> datetime | None:
    """Return the horizon as the last run left it; None before the first."""
    return session.scalar(select(RetentionRow.horizon))


def expire_batch(
    session: Session, audit: AuditLog, rules: RetentionRules, horizon: datetime, before: int | None, limit: int
) -> int:
    """Take the content of up to `limit` events away, and say so in the log; return how many those were.

    `before` is the first place that some exporter has not delivered yet: from there on nothing expires.
    """
    candidates = select(EventRow.sequence).where(
        EventRow.body.is_not(None), _over(session, rules, horizon), EventRow.action != EXPIRED, not_(held())
    )
    if before is not None:
        candidates = candidates.where(EventRow.sequence < before)
    places = list(session.scalars(candidates.order_by(EventRow.sequence).limit(limit)))
    if not places:
        return 0
    taken = sorted(session.scalars(text("SELECT bailiwick_expire_audit_events(:places)"), {"places": places}))
    if taken:
        context: dict[str, ContextFact] = {"places": compact(taken), "count": len(taken)}
        audit.note(session, ACTOR, EXPIRED, "audit-log:default", reason="retention has ended", context=context)
    return len(taken)


def compact(places: Sequence[int]) -> tuple[str, ...]:
    """Return rising places as ranges: 3, 4, 5, 9 become `3-5` and `9-9`."""
    ranges: list[list[int]] = []
    for place in places:
        if ranges and place == ranges[-1][1] + 1:
            ranges[-1][1] = place
        else:
            ranges.append([place, place])
    return tuple(f"{first}-{last}" for first, last in ranges)


def _over(session: Session, rules: RetentionRules, horizon: datetime) -> ColumnElement[bool]:
    """Return the condition that an event's retention has ended, by its class."""
    prefixes = sorted(rules.classes, key=len, reverse=True)
    parts: list[ColumnElement[bool]] = []
    for number, prefix in enumerate(prefixes):
        mine = EventRow.action.startswith(prefix, autoescape=True)
        longer = [EventRow.action.startswith(other, autoescape=True) for other in prefixes[:number]]
        parts.append(and_(mine, *map(not_, longer), _older(session, horizon, rules.classes[prefix])))
    others = [not_(EventRow.action.startswith(prefix, autoescape=True)) for prefix in prefixes]
    parts.append(and_(*others, _older(session, horizon, rules.days)))
    return or_(*parts)


def _older(session: Session, horizon: datetime, days: int) -> ColumnElement[bool]:
    cutoff = horizon - timedelta(days=max(days, LEAST_DAYS))
    covered = session.scalar(select(func.max(CheckpointRow.size)).where(CheckpointRow.time < cutoff)) or 0
    return and_(EventRow.time < cutoff, EventRow.sequence < covered)

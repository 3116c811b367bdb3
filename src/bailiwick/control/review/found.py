"""Which trees a rule found something in, by the newest review of each."""

from collections.abc import Collection

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from bailiwick.control.review.service import MOST_FINDINGS
from bailiwick.control.review.tables import FindingRow, ReviewRow

_AT_ONCE = 500


def trees_free_of(session: Session, rule: str, trees: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those of some trees (app and tree) whose newest review was whole and has no finding of a rule.

    What passes by a waiver is a finding. A tree without a review, or with so many findings that not all were kept, is
    not known to be free.
    """
    asked, free = sorted(set(trees)), set()
    for start in range(0, len(asked), _AT_ONCE):
        free |= _free(session, rule, asked[start : start + _AT_ONCE])
    return free


def rule_was_found(session: Session, rule: str) -> bool:
    """Return whether any review ever had a finding of a rule."""
    return session.scalar(select(FindingRow.rule).where(FindingRow.rule == rule).limit(1)) is not None


def _free(session: Session, rule: str, trees: list[tuple[str, str]]) -> set[tuple[str, str]]:
    newest = (
        select(ReviewRow.id, ReviewRow.app, ReviewRow.tree, ReviewRow.could_not_review)
        .where(tuple_(ReviewRow.app, ReviewRow.tree).in_(trees))
        .ext(distinct_on(ReviewRow.app, ReviewRow.tree))
        .order_by(ReviewRow.app, ReviewRow.tree, ReviewRow.time.desc(), ReviewRow.id.desc())
    )
    rows = session.execute(newest).all()
    counted = (
        select(FindingRow.review, func.count(), func.count().filter(FindingRow.rule == rule))
        .where(FindingRow.review.in_([row.id for row in rows]))
        .group_by(FindingRow.review)
    )
    counts = {review: (every, of_rule) for review, every, of_rule in session.execute(counted)}
    none = (0, 0)
    return {
        (row.app, row.tree)
        for row in rows
        if not row.could_not_review and counts.get(row.id, none)[1] == 0 and counts.get(row.id, none)[0] < MOST_FINDINGS
    }

"""Findings across apps: those of each app's newest review, filtered and in pages, in one question."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from bailiwick.control.review.service import StoredFinding, stored_finding
from bailiwick.control.review.tables import FindingRow, ReviewRow


class FindingState(StrEnum):
    """Whether a finding blocks, passes by a waiver, or is only told."""

    BLOCKING = "blocking"
    WAIVED = "waived"
    TOLD = "told"


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings; an empty text does not matter."""

    app: str = ""
    rule: str = ""
    severity: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class AppFinding:
    """A finding of an app's newest review; `place` is where it stands in that review."""

    app: str
    review: str
    time: datetime
    place: int
    finding: StoredFinding

    @property
    def state(self) -> FindingState:
        """Whether it blocks."""
        if self.finding.waiver:
            return FindingState.WAIVED
        return FindingState.BLOCKING if self.finding.blocking else FindingState.TOLD


def newest_findings(
    session: Session, wanted: FindingFilter, *, after: tuple[str, int] = ("", -1), limit: int = 200
) -> list[AppFinding]:
    """Return findings by app and place, from behind one of them on."""
    query = select(ReviewRow.id, ReviewRow.app, ReviewRow.time).where(ReviewRow.app >= after[0])
    if wanted.app:
        query = query.where(ReviewRow.app == wanted.app)
    newest = (
        query.ext(distinct_on(ReviewRow.app))
        .order_by(ReviewRow.app, ReviewRow.time.desc(), ReviewRow.id.desc())
        .subquery()
    )
    found = (
        select(newest.c.app, newest.c.id, newest.c.time, FindingRow)
        .join(FindingRow, FindingRow.review == newest.c.id)
        .where(tuple_(newest.c.app, FindingRow.place) > after, *_conditions(wanted))
        .order_by(newest.c.app, FindingRow.place)
        .limit(limit)
    )
    return [
        AppFinding(app, review, time, row.place, stored_finding(row))
        for app, review, time, row in session.execute(found)
    ]


def _conditions(wanted: FindingFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.rule:
        yield FindingRow.rule == wanted.rule
    if wanted.severity:
        yield FindingRow.severity == wanted.severity
    match wanted.state:
        case FindingState.BLOCKING:
            yield FindingRow.blocking.is_(True)
            yield FindingRow.waiver == ""
        case FindingState.WAIVED:
            yield FindingRow.waiver != ""
        case FindingState.TOLD:
            yield FindingRow.blocking.is_(False)

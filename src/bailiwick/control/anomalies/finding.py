"""Writes down what stands out, once for what goes on, with its audit event."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.anomalies.model import AnomalyState, Kind, Moved, Point
from bailiwick.control.anomalies.tables import AnomalyRow, SeriesRow
from bailiwick.control.anomalies.watching import as_json
from bailiwick.control.audit import AuditLog
from bailiwick.core.anomalies import Expected
from bailiwick.core.events import ContextFact
from bailiwick.core.ids import new_id

ACTOR = "service:anomalies"
# What stands out again within so long is the same.
_SAME = timedelta(hours=1)


@dataclass(frozen=True)
class Found:
    """A value of a series that moved: what was expected, how unusual it is, whether that is told, and the last ones."""

    row: SeriesRow
    value: float
    expected: Expected
    score: float
    alarms: bool
    points: Sequence[Point]


def write_unusual(
    session: Session, audit: AuditLog, found: Found, at: datetime, moved: Sequence[Moved], people: Sequence[str]
) -> None:
    """Write down an unusual value, or that one of within the hour goes on."""
    subject, measure = found.row.subject, found.row.measure
    same = select(AnomalyRow).where(
        AnomalyRow.subject == subject,
        AnomalyRow.measure == measure,
        AnomalyRow.last >= at - _SAME,
        AnomalyRow.state == AnomalyState.OPEN,
    )
    known = session.scalars(same.order_by(AnomalyRow.last.desc()).limit(1)).one_or_none()
    if known is not None:
        known.times, known.last = known.times + 1, at
        return
    expected = found.expected
    row = _row(Kind.UNUSUAL, subject, measure, at, people)
    row.value, row.expected, row.low, row.high = found.value, expected.value, max(expected.low, 0.0), expected.high
    row.score, row.moved, row.points = found.score, [asdict(one) for one in moved], as_json(found.points)
    _write(session, audit, row)


def write_first(
    session: Session, audit: AuditLog, subject: str, thing: str, at: datetime, people: Sequence[str]
) -> None:
    """Write down that a subject had to do with something for the first time."""
    row = _row(Kind.FIRST, subject, thing, at, people)
    row.value = 1.0
    _write(session, audit, row)


def _row(kind: Kind, subject: str, measure: str, at: datetime, people: Sequence[str]) -> AnomalyRow:
    return AnomalyRow(
        id=new_id("ano"), kind=kind, subject=subject, measure=measure, time=at, last=at, times=1, value=0.0,
        expected=0.0, low=0.0, high=0.0, score=1.0, people=list(people), moved=[], points=[],
        state=AnomalyState.OPEN, decided_by="", decided_at=None, reason="",
    )  # fmt: skip


def _write(session: Session, audit: AuditLog, row: AnomalyRow) -> None:
    session.add(row)
    facts: dict[str, ContextFact] = {"anomaly": row.id, "kind": row.kind, "measure": row.measure, "value": row.value,
             "expected": row.expected, "score": round(row.score, 6), "people": tuple(row.people)}  # fmt: skip
    app = row.subject.removeprefix("app:") if row.subject.startswith("app:") else ""
    audit.note(session, ACTOR, "anomaly.found", row.subject, app=app, context=facts)

"""Turns rows of rotation into values and back."""

from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.rotations.model import Cause, Rotation, Rule, State, Step
from bailiwick.control.rotations.sources import AnySource
from bailiwick.control.rotations.tables import RotationRow, RuleRow
from bailiwick.core.ids import new_id

_SOURCE: TypeAdapter[AnySource] = TypeAdapter(AnySource)
# After a rotation that failed by itself, the next one is tried so much later.
_AFTER_FAILURE = timedelta(hours=1)


def source_of(found: dict[str, Any] | None) -> AnySource | None:
    """Return a source as it is kept."""
    return _SOURCE.validate_python(found) if found is not None else None


def rule_of(row: RuleRow) -> Rule:
    """Return a rule as it is kept."""
    return Rule(row.owner, source_of(row.source), row.every_hours, row.grace_minutes, row.due_at)


def rotation_of(row: RotationRow) -> Rotation:
    """Return a rotation as it is kept."""
    return Rotation(
        id=row.id,
        name=row.name,
        cause=Cause(row.cause),
        asked_by=row.asked_by,
        reason=row.reason,
        state=State(row.state),
        old_version=row.old_version,
        new_version=row.new_version,
        account=row.account,
        attempts=row.attempts,
        error=row.error,
        steps=tuple(Step(datetime.fromisoformat(time), words) for time, words in row.steps),
        asked_at=row.asked_at,
        switched_at=row.switched_at,
        revoke_at=row.revoke_at,
        ended_at=row.ended_at,
    )


def new_rotation(
    name: str, rule: Rule | None, cause: Cause, by: str, reason: str, version: int, now: datetime
) -> RotationRow:
    """Return the row of a rotation that begins; without a source, of one that a person must do."""
    source = rule.source if rule is not None else None
    return RotationRow(
        id=new_id("rot"),
        name=name,
        cause=cause,
        asked_by=by,
        reason=reason,
        state=State.ASKED if source is not None else State.BY_HAND,
        account="",
        old_account="",
        error="",
        old_version=version,
        new_version=0,
        attempts=0,
        again=False,
        source=source.model_dump(mode="json") if source is not None else None,
        grace_minutes=0 if cause is Cause.LEAK or rule is None else rule.grace_minutes,
        steps=[[now.isoformat(), f"asked by {by}: {reason}"]],
        asked_at=now,
        next_try_at=now,
        switched_at=None,
        revoke_at=None,
        ended_at=None,
    )


def note_step(row: RotationRow, now: datetime, words: str) -> None:
    """Write down what happened in a rotation."""
    row.steps = [*row.steps, [now.isoformat(), words]]


def end(row: RotationRow, now: datetime, state: State, words: str) -> None:
    """End a rotation."""
    row.state, row.ended_at = state, now
    note_step(row, now, words)


def going(session: Session, name: str) -> RotationRow | None:
    """Return the rotation of a secret that is going on, None when none is."""
    query = select(RotationRow).where(RotationRow.name == name, RotationRow.ended_at.is_(None))
    return session.scalars(query).one_or_none()


def last_ended(session: Session, name: str) -> RotationRow | None:
    """Return the rotation of a secret that ended last."""
    query = select(RotationRow).where(RotationRow.name == name, RotationRow.ended_at.is_not(None))
    return session.scalars(query.order_by(RotationRow.ended_at.desc()).limit(1)).one_or_none()


def next_rotation(rule: Rule | None, created_at: datetime, last: Rotation | None) -> datetime | None:
    """Return when a secret is rotated next, by itself or by a person who is told to; None when it is not."""
    if rule is None:
        return None
    by_age = [created_at + timedelta(hours=rule.every_hours)] if rule.every_hours else []
    due = min([*by_age, *([rule.due_at] if rule.due_at is not None else [])], default=None)
    if due is None:
        return None
    if last is not None and last.state is State.FAILED and last.ended_at is not None and last.ended_at >= created_at:
        return max(due, last.ended_at + _AFTER_FAILURE)
    return due

"""Rollouts as they are kept, as values, and what planes tell of them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.rollouts.model import Plan, Rollout, RolloutState
from bailiwick.control.rollouts.tables import RolloutRow, StepCountsRow
from bailiwick.core.rollouts import RolloutReport, SideCounts


def rollout_of(session: Session, row: RolloutRow) -> Rollout:
    """Return a row as a rollout, with the counts of its present step."""
    return Rollout(
        id=row.id,
        app=row.app,
        deploy=row.deploy,
        stable=row.stable,
        candidate=row.candidate,
        plan=Plan.model_validate(row.plan),
        step=row.step,
        state=RolloutState(row.state),
        condition=row.condition,
        words=row.words,
        failed_checks=row.failed_checks,
        waits_for=row.waits_for,
        started_at=row.started_at,
        step_began=row.step_began,
        heard_at=row.heard_at,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        reason=row.reason,
        baseline=SideCounts.model_validate(row.baseline),
        counts=counts_of(session, row.id, row.step),
    )


def counts_of(session: Session, rollout: str, step: int) -> tuple[SideCounts, SideCounts]:
    """Return what the release before and the candidate answered in a step."""
    row = _counts(session, rollout, step)
    if row is None:
        return SideCounts(), SideCounts()
    return SideCounts.model_validate(row.stable), SideCounts.model_validate(row.candidate)


def running(session: Session, app: str, *, lock: bool = False) -> RolloutRow | None:
    """Return the rollout of an app that is under way, or None; with `lock`, nobody else moves it meanwhile."""
    query = select(RolloutRow).where(RolloutRow.app == app, RolloutRow.state == RolloutState.RUNNING)
    query = query.execution_options(populate_existing=True)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def take_report(session: Session, report: RolloutReport, now: datetime) -> None:
    """Add what a plane counted to its step, and remember how the candidate is; what is over is not told of any more."""
    row = running(session, report.app, lock=True)
    if row is None or row.id != report.rollout:
        return
    kept = _counts(session, row.id, report.step)
    before = counts_of(session, row.id, report.step)
    sums = [
        side.plus(more).model_dump(mode="json")
        for side, more in zip(before, (report.stable, report.candidate), strict=True)
    ]
    if kept is None:
        made = insert(StepCountsRow).values(rollout=row.id, step=report.step, stable=sums[0], candidate=sums[1])
        session.execute(made)
    else:
        kept.stable, kept.candidate = sums
    row.condition, row.words, row.failed_checks = report.condition, report.words, report.failed_checks
    row.heard_at = now
    if report.step == row.step and report.condition == "running" and row.step_began is None:
        row.step_began = now
    session.flush()


def _counts(session: Session, rollout: str, step: int) -> StepCountsRow | None:
    query = select(StepCountsRow).where(StepCountsRow.rollout == rollout, StepCountsRow.step == step)
    return session.scalars(query).one_or_none()

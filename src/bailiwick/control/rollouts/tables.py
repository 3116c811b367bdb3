"""Where plans and rollouts are kept; a rollout is one row, and what was counted in each of its steps another."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class PlanRow(Base):
    """The plan that was set on an app, a folder or the organisation."""

    __tablename__ = "rollout_plans"
    __table_args__ = (PrimaryKeyConstraint("tenant", "scope"),)

    scope: Mapped[str]
    plan: Mapped[dict[str, Any]]
    set_by: Mapped[str]
    set_at: Mapped[datetime]
    reason: Mapped[str]


class WishRow(Base):
    """The plan that somebody asked for with a deploy."""

    __tablename__ = "rollout_wishes"
    __table_args__ = (PrimaryKeyConstraint("tenant", "deploy"),)

    deploy: Mapped[str]
    plan: Mapped[dict[str, Any]]


class RolloutRow(Base):
    """A rollout and its state; of one app only one runs."""

    __tablename__ = "rollouts"
    __table_args__ = (
        Index("ix_rollouts_app", "tenant", "app", "started_at"),
        Index("uq_rollouts_running", "tenant", "app", unique=True, postgresql_where=text("state = 'running'")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    app: Mapped[str]
    deploy: Mapped[str]
    stable: Mapped[str]
    candidate: Mapped[str]
    plan: Mapped[dict[str, Any]]
    step: Mapped[int]
    state: Mapped[str]
    condition: Mapped[str]
    words: Mapped[str]
    failed_checks: Mapped[int]
    waits_for: Mapped[str]
    started_at: Mapped[datetime]
    step_began: Mapped[datetime | None]
    heard_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str]
    reason: Mapped[str]
    baseline: Mapped[dict[str, Any]]


class StepCountsRow(Base):
    """What both releases answered in a step of a rollout."""

    __tablename__ = "rollout_counts"
    __table_args__ = (PrimaryKeyConstraint("tenant", "rollout", "step"),)

    rollout: Mapped[str]
    step: Mapped[int]
    stable: Mapped[dict[str, Any]]
    candidate: Mapped[dict[str, Any]]

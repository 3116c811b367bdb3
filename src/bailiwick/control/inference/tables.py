"""Where it is kept which models were asked, and how much."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class ModelCallRow(Base):
    """A model was asked. Until the answer is there, the tokens are what it may cost at most, and the outcome empty."""

    __tablename__ = "model_calls"
    __table_args__ = (
        Index("ix_model_calls_route_time", "tenant", "route", "time"),
        Index("ix_model_calls_app_time", "tenant", "app", "time"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str]
    model: Mapped[str]
    purpose: Mapped[str]
    app: Mapped[str]
    time: Mapped[datetime]
    bytes_out: Mapped[int]
    tokens_in: Mapped[int]
    tokens_out: Mapped[int]
    outcome: Mapped[str]


class BudgetNoticeRow(Base):
    """That whoever a budget is of was told, once in a period for each level; `people` still have it in their inbox."""

    __tablename__ = "budget_notices"
    __table_args__ = (
        Index("ix_budget_notices_one", "tenant", "budget", "of", "period", "level", unique=True),
        Index("ix_budget_notices_period", "tenant", "period"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    budget: Mapped[str]
    of: Mapped[str]
    period: Mapped[str]
    level: Mapped[str]
    words: Mapped[str]
    people: Mapped[list[str]] = mapped_column(JSONB)
    time: Mapped[datetime]


class ModelUseRow(Base):
    """What was used of a budget of models in a period, as a plane last told; `shared` where planes count together."""

    __tablename__ = "model_use"
    __table_args__ = (PrimaryKeyConstraint("tenant", "budget", "of", "plane"),)

    budget: Mapped[str]
    of: Mapped[str]
    plane: Mapped[str]
    period: Mapped[str]
    used: Mapped[dict[str, Any]]
    shared: Mapped[bool]
    time: Mapped[datetime]

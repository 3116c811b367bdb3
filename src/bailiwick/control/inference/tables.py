"""Where it is kept which models were asked, and how much."""

from datetime import datetime

from sqlalchemy import Index
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

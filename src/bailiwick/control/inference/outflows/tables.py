"""Where it is kept what left for models, and what is switched off."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class OutflowRow(Base):
    """A line of `OutflowSeen` over a day (UTC) at one plane."""

    __tablename__ = "model_outflows"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "day", "plane", "model", "app", "person", "place", "data_class"),
        Index("ix_model_outflows_app_day", "tenant", "app", "day"),
    )

    day: Mapped[date]
    plane: Mapped[str]
    model: Mapped[str]
    app: Mapped[str]
    person: Mapped[str]
    place: Mapped[str]
    data_class: Mapped[str]
    calls: Mapped[int] = mapped_column(BigInteger)
    bytes: Mapped[int] = mapped_column(BigInteger)
    found: Mapped[int] = mapped_column(BigInteger)
    redacted: Mapped[int] = mapped_column(BigInteger)
    refused: Mapped[int] = mapped_column(BigInteger)
    first: Mapped[datetime]
    last: Mapped[datetime]


class OutflowSwitchRow(Base):
    """Something that is switched off; who switched it on again is in the audit log."""

    __tablename__ = "model_outflow_switches"
    __table_args__ = (
        Index("ix_model_outflow_switches_one", "tenant", "model", "app", "person", "place", "data_class", unique=True),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[str]
    app: Mapped[str]
    person: Mapped[str]
    place: Mapped[str]
    data_class: Mapped[str]
    by: Mapped[str]
    reason: Mapped[str]
    time: Mapped[datetime]

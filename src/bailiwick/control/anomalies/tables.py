"""Where detection is kept: how far it is, the state of each series, what was seen before, and what stood out."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class CursorRow(Base):
    """Up to where the audit log was read, and what is known of open minutes. Its lock makes replicas take turns."""

    __tablename__ = "anomaly_cursors"
    __table_args__ = (PrimaryKeyConstraint("tenant"),)

    sequence: Mapped[int] = mapped_column(BigInteger)
    opened: Mapped[datetime]
    gathered: Mapped[dict[str, Any]] = mapped_column(JSONB)


class SeriesRow(Base):
    """A series: its detector as of a minute, and the values since, which bring it up to date."""

    __tablename__ = "anomaly_series"
    __table_args__ = (PrimaryKeyConstraint("tenant", "subject", "measure"),)

    subject: Mapped[str]
    measure: Mapped[str]
    state: Mapped[bytes] = mapped_column(LargeBinary)
    since: Mapped[list[Any]] = mapped_column(JSONB)
    upto: Mapped[datetime]
    active: Mapped[datetime]
    raised: Mapped[int] = mapped_column(server_default="0")


class SeenRow(Base):
    """That a subject had to do with something, and since when."""

    __tablename__ = "anomaly_seen"
    __table_args__ = (PrimaryKeyConstraint("tenant", "subject", "thing"),)

    subject: Mapped[str]
    thing: Mapped[str]
    first: Mapped[datetime]


class AnomalyRow(Base):
    """Something that stood out."""

    __tablename__ = "anomalies"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "id"),
        Index("ix_anomalies_subject", "tenant", "subject", "measure", "last"),
        Index("ix_anomalies_time", "tenant", "time"),
    )

    id: Mapped[str]
    kind: Mapped[str]
    subject: Mapped[str]
    measure: Mapped[str]
    time: Mapped[datetime]
    last: Mapped[datetime]
    times: Mapped[int]
    value: Mapped[float]
    expected: Mapped[float]
    low: Mapped[float]
    high: Mapped[float]
    score: Mapped[float]
    people: Mapped[list[str]] = mapped_column(JSONB)
    moved: Mapped[list[Any]] = mapped_column(JSONB)
    points: Mapped[list[Any]] = mapped_column(JSONB)
    state: Mapped[str]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str]

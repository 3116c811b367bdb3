"""Where rules, alerts and silences are kept, and how far the log was read."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, PrimaryKeyConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class AlertCursorRow(Base):
    """Up to where the audit log was read, and which events of each group came lately. Its lock is the turn of one."""

    __tablename__ = "alert_cursors"
    __table_args__ = (PrimaryKeyConstraint("tenant"),)

    sequence: Mapped[int] = mapped_column(BigInteger)
    counted: Mapped[dict[str, Any]] = mapped_column(JSONB)


class AlertRuleRow(Base):
    """A rule as it was written, and who wrote it last."""

    __tablename__ = "alert_rules"
    __table_args__ = (PrimaryKeyConstraint("tenant", "name"),)

    name: Mapped[str]
    rule: Mapped[dict[str, Any]] = mapped_column(JSONB)
    by: Mapped[str]
    changed: Mapped[datetime]


class AlertRow(Base):
    """An alert; of a rule and a group one stands at a time."""

    __tablename__ = "alerts"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "id"),
        Index("ix_alerts_one", "tenant", "rule", "key", unique=True, postgresql_where=text("state <> 'resolved'")),
        Index("ix_alerts_last", "tenant", "last"),
    )

    id: Mapped[str]
    rule: Mapped[str]
    key: Mapped[str]
    severity: Mapped[str]
    words: Mapped[str]
    state: Mapped[str]
    first: Mapped[datetime]
    last: Mapped[datetime]
    times: Mapped[int]
    silenced: Mapped[str]
    told: Mapped[list[str]] = mapped_column(JSONB)
    escalate_at: Mapped[datetime | None]
    escalate_to: Mapped[list[str]] = mapped_column(JSONB)
    escalated: Mapped[datetime | None]
    answered_by: Mapped[str]
    event: Mapped[int] = mapped_column(BigInteger)


class SilenceRow(Base):
    """A silence, also one that is over."""

    __tablename__ = "alert_silences"
    __table_args__ = (PrimaryKeyConstraint("tenant", "id"),)

    id: Mapped[str]
    rule: Mapped[str]
    key: Mapped[str]
    reason: Mapped[str]
    by: Mapped[str]
    until: Mapped[datetime]

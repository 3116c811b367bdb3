"""Where the audit log is kept: events, the tree's right edge, and signed checkpoints."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, PrimaryKeyConstraint, String, text
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class EventRow(Base):
    """One event at its place in the tenant's log, with the columns that searches ask for."""

    __tablename__ = "audit_events"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "sequence"),
        Index("ix_audit_events_app_sequence", "tenant", "app", "sequence"),
        Index("ix_audit_events_actor_sequence", "tenant", "actor", "sequence"),
        Index("ix_audit_events_action_sequence", "tenant", "action", "sequence"),
        Index("ix_audit_events_resource_sequence", "tenant", "resource", "sequence"),
        Index("ix_audit_events_trace", "tenant", "trace"),
        Index("ix_audit_events_time", "tenant", "time"),
        Index("ix_audit_events_alive", "tenant", "sequence", postgresql_where=text("body IS NOT NULL")),
    )

    sequence: Mapped[int] = mapped_column(BigInteger, autoincrement=False)
    event_id: Mapped[str] = mapped_column(String)
    time: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    resource: Mapped[str]
    outcome: Mapped[str]
    app: Mapped[str]
    trace: Mapped[str]
    # None once its retention has ended; the columns above are empty then, too.
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    leaf: Mapped[bytes] = mapped_column(LargeBinary)


class TreeRow(Base):
    """The right edge of the tenant's tree; its lock is what puts events in order."""

    __tablename__ = "audit_trees"
    __table_args__ = (PrimaryKeyConstraint("tenant"),)

    size: Mapped[int] = mapped_column(BigInteger)
    peaks: Mapped[list[str]]


class CheckpointRow(Base):
    """A signed statement of the tree's size and root at a moment."""

    __tablename__ = "audit_checkpoints"
    __table_args__ = (PrimaryKeyConstraint("tenant", "size"),)

    size: Mapped[int] = mapped_column(BigInteger, autoincrement=False)
    time: Mapped[datetime]
    envelope: Mapped[dict[str, Any]]


class HoldRow(Base):
    """A legal hold, also one that was lifted: who held what when stays known."""

    __tablename__ = "audit_holds"
    __table_args__ = (PrimaryKeyConstraint("tenant", "name"),)

    name: Mapped[str]
    reason: Mapped[str]
    placed_by: Mapped[str]
    placed: Mapped[datetime]
    actor: Mapped[str]
    app: Mapped[str]
    resource: Mapped[str]
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]
    lifted_by: Mapped[str]
    lifted: Mapped[datetime | None]


class RetentionRow(Base):
    """What expiry takes for now."""

    __tablename__ = "audit_retention"
    __table_args__ = (PrimaryKeyConstraint("tenant"),)

    horizon: Mapped[datetime]

"""Where the audit log is kept: events, the tree's right edge and tiles, signed checkpoints, counts, saved searches."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
    cast,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base

_BYTEWISE = String(collation="C")


class Words(TypeDecorator[list[str]]):
    """Words to search by, written as a list and never read back."""

    impl = TSVECTOR
    cache_ok = True

    def bind_expression(self, bindvalue: BindParameter[list[str]]) -> ColumnElement[list[str]]:
        """Return what makes the words of the list."""
        return func.array_to_tsvector(cast(bindvalue, ARRAY(Text)))


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
        Index("ix_audit_events_words", "words", postgresql_using="gin"),
        Index("ix_audit_events_not_success", "tenant", "sequence", postgresql_where=text("outcome <> 'success'")),
        Index("ix_audit_events_alive", "tenant", "sequence", postgresql_where=text("body IS NOT NULL")),
    )

    sequence: Mapped[int] = mapped_column(BigInteger, autoincrement=False)
    event_id: Mapped[str] = mapped_column(String)
    time: Mapped[datetime]
    actor: Mapped[str] = mapped_column(_BYTEWISE)
    action: Mapped[str] = mapped_column(_BYTEWISE)
    resource: Mapped[str] = mapped_column(_BYTEWISE)
    outcome: Mapped[str]
    app: Mapped[str] = mapped_column(_BYTEWISE)
    trace: Mapped[str]
    # None once its retention has ended; the columns above are empty then, too.
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    leaf: Mapped[bytes] = mapped_column(LargeBinary)
    words: Mapped[list[str]] = mapped_column(Words)


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


class TileRow(Base):
    """A full tile of the tree (`core.tiles`): its hashes, their root, and between which times its events lie."""

    __tablename__ = "audit_tiles"
    __table_args__ = (PrimaryKeyConstraint("tenant", "level", "tile"),)

    level: Mapped[int] = mapped_column(SmallInteger, autoincrement=False)
    tile: Mapped[int] = mapped_column(BigInteger, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    earliest: Mapped[datetime]
    latest: Mapped[datetime]


class HourRow(Base):
    """How many events of full tiles lie in an hour, by action and outcome."""

    __tablename__ = "audit_hours"
    __table_args__ = (PrimaryKeyConstraint("tenant", "hour", "action", "outcome"),)

    hour: Mapped[datetime]
    action: Mapped[str] = mapped_column(_BYTEWISE)
    outcome: Mapped[str]
    count: Mapped[int] = mapped_column(BigInteger)


class SavedSearchRow(Base):
    """A search that somebody keeps under a name, for themselves or for everybody who reads the log."""

    __tablename__ = "audit_saved_searches"
    __table_args__ = (PrimaryKeyConstraint("tenant", "owner", "name"),)

    owner: Mapped[str]
    name: Mapped[str]
    shared: Mapped[bool]
    query: Mapped[dict[str, Any]]
    saved: Mapped[datetime]


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

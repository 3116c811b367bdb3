"""Where planes' words about apps' databases are kept, and rehearsals with what they must run."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class DatabaseRow(Base):
    """An app's own database in a mode, as its plane last told of it."""

    __tablename__ = "app_databases"
    __table_args__ = (PrimaryKeyConstraint("tenant", "app", "mode"),)

    app: Mapped[str]
    mode: Mapped[str]
    plane: Mapped[str]
    release: Mapped[str]
    migrations: Mapped[list[str]]
    snapshots: Mapped[list[Any]] = mapped_column(JSONB)
    fault: Mapped[str]
    any_moment_since: Mapped[datetime | None]
    time: Mapped[datetime]


class RehearsalRow(Base):
    """The rehearsal of a deploy: the migrations to run, and what came of it."""

    __tablename__ = "rehearsals"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "deploy"),
        Index("ix_rehearsals_state", "tenant", "state"),
    )

    deploy: Mapped[str]
    app: Mapped[str]
    tree: Mapped[str]
    state: Mapped[str]
    migrations: Mapped[list[Any]] = mapped_column(JSONB)
    result: Mapped[dict[str, Any]]
    statement: Mapped[dict[str, Any] | None] = mapped_column(nullable=True)
    asked_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

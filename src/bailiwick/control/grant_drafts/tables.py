"""Where catalogues of connected databases, drafts of grants and their previews are kept. No row of business data."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class LookRow(Base):
    """That somebody asked a plane what tables an integration has, and what it said."""

    __tablename__ = "system_looks"
    __table_args__ = (PrimaryKeyConstraint("tenant", "integration", "plane"),)

    integration: Mapped[str]
    plane: Mapped[str]
    look: Mapped[str]
    by: Mapped[str]
    until: Mapped[datetime]
    tables: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")
    left_out: Mapped[int] = mapped_column(server_default="0")
    fault: Mapped[str] = mapped_column(server_default="")
    # When the plane last answered, None before it did.
    seen: Mapped[datetime | None]


class DraftRow(Base):
    """A draft: the question, and all that it was read as."""

    __tablename__ = "grant_drafts"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "id"),
        Index("ix_grant_drafts_integration", "tenant", "integration", "id"),
    )

    id: Mapped[str]
    integration: Mapped[str]
    by: Mapped[str]
    time: Mapped[datetime]
    question: Mapped[str]
    reading: Mapped[dict[str, Any]]
    rule: Mapped[str] = mapped_column(server_default="")


class PreviewRow(Base):
    """That a draft may be looked at on a plane, and what was counted there."""

    __tablename__ = "grant_previews"
    __table_args__ = (PrimaryKeyConstraint("tenant", "draft"),)

    draft: Mapped[str]
    integration: Mapped[str]
    plane: Mapped[str]
    by: Mapped[str]
    seen_as: Mapped[str]
    attributes: Mapped[dict[str, Any]]
    identifying: Mapped[dict[str, Any]]
    until: Mapped[datetime]
    counted: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))

"""Where guardrails are kept, every version of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class GuardrailRow(Base):
    """A version of what is said at a place about a section; it is in force while nobody ended it."""

    __tablename__ = "guardrails"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "section", "place", "environment", "version"),
        Index(
            "uq_guardrails_in_force",
            "tenant",
            "section",
            "place",
            "environment",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    section: Mapped[str]
    place: Mapped[str]
    environment: Mapped[str]
    version: Mapped[int]
    values: Mapped[dict[str, Any]] = mapped_column(JSONB)
    binding: Mapped[bool]
    reason: Mapped[str]
    set_by: Mapped[str]
    set_at: Mapped[datetime]
    ended_by: Mapped[str]
    ended_at: Mapped[datetime | None]

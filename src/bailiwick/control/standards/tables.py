"""Where standards are kept: every version."""

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped

from bailiwick.store import Base


class StandardVersionRow(Base):
    """A version of a standard; one at most of each name is in force."""

    __tablename__ = "standard_versions"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "name", "version"),
        Index("ix_standard_versions_active", "tenant", "name", unique=True, postgresql_where=text("state = 'active'")),
    )

    name: Mapped[str]
    version: Mapped[int]
    scope: Mapped[str]
    text: Mapped[str]
    author: Mapped[str]
    reason: Mapped[str]
    time: Mapped[datetime]
    state: Mapped[str]
    decided_by: Mapped[str]
    decided_reason: Mapped[str]
    decided_at: Mapped[datetime | None]
    activated_by: Mapped[str]
    activated_at: Mapped[datetime | None]

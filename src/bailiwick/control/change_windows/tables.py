"""Where change windows are kept, every version of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class ChangeWindowRow(Base):
    """A version of the window of a folder; it is in force while nobody ended it."""

    __tablename__ = "change_windows"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "folder", "version"),
        Index(
            "uq_change_windows_in_force",
            "tenant",
            "folder",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    folder: Mapped[str]
    version: Mapped[int]
    days: Mapped[list[int]] = mapped_column(JSONB)
    opens: Mapped[str]
    closes: Mapped[str]
    zone: Mapped[str]
    closed: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    reason: Mapped[str]
    set_by: Mapped[str]
    set_at: Mapped[datetime]
    ended_by: Mapped[str]
    ended_at: Mapped[datetime | None]

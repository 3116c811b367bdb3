"""Where opened capabilities are kept."""

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class CapabilityRow(Base):
    """A capability of an app. `until` counts whether or not somebody wrote its end down."""

    __tablename__ = "capabilities"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "id"),
        Index(
            "ix_capabilities_open",
            "tenant",
            "app",
            "capability",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column()
    app: Mapped[str]
    capability: Mapped[str]
    reason: Mapped[str]
    opened_by: Mapped[str]
    opened_at: Mapped[datetime]
    until: Mapped[datetime]
    ended_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str]

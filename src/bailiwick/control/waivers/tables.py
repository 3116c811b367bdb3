"""Where waivers are kept."""

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class WaiverRow(Base):
    """A waiver. Whether one whose time is over still stands as approved says nothing: `until` is asked, too."""

    __tablename__ = "waivers"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "id"),
        Index("ix_waivers_app", "tenant", "app", "state"),
        Index("ix_waivers_state", "tenant", "state", "until"),
        # Two who ask at once ask once.
        Index(
            "ix_waivers_open",
            "tenant",
            "app",
            "fingerprint",
            unique=True,
            postgresql_where=text("state IN ('requested', 'approved')"),
        ),
    )

    id: Mapped[str] = mapped_column()
    app: Mapped[str]
    fingerprint: Mapped[str]
    rule: Mapped[str]
    severity: Mapped[str]
    path: Mapped[str]
    line: Mapped[int]
    message: Mapped[str]
    review: Mapped[str]
    reason: Mapped[str]
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    until: Mapped[datetime]
    state: Mapped[str]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str]
    ended_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str]
    warned_at: Mapped[datetime | None]
    flow: Mapped[str] = mapped_column(server_default="")

"""Where delegations are kept."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class DelegationRow(Base):
    """A delegation. Whether one whose time is over still stands says nothing: its times are asked, too."""

    __tablename__ = "delegations"
    __table_args__ = (
        Index("ix_delegations_delegate", "tenant", "delegate", "until"),
        Index("ix_delegations_delegator", "tenant", "delegator", "until"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    delegator: Mapped[str]
    delegate: Mapped[str]
    folder: Mapped[str]
    reason: Mapped[str]
    starts: Mapped[datetime]
    until: Mapped[datetime]
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str]
    end_reason: Mapped[str]

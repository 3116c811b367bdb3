"""Where wishes to destroy the tenant's keys are kept."""

from datetime import datetime

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.orm import Mapped

from bailiwick.store import Base


class ShreddingRow(Base):
    """A wish; it waits while `ended_at` is empty. `outcome` is then "shredded" or "withdrawn"."""

    __tablename__ = "key_shreddings"
    __table_args__ = (PrimaryKeyConstraint("tenant", "id"),)

    id: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    reason: Mapped[str]
    ended_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str]

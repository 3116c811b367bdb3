"""Where it is kept who asked to see a secret, who let them, and what came of it."""

from datetime import datetime

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.orm import Mapped

from bailiwick.store import Base


class RevealRow(Base):
    """A wish to see a secret's value once; it is over when `outcome` is not empty."""

    __tablename__ = "secret_reveals"
    __table_args__ = (PrimaryKeyConstraint("tenant", "id"),)

    id: Mapped[str]
    name: Mapped[str]
    asked_by: Mapped[str]
    reason: Mapped[str]
    answered_by: Mapped[str]
    outcome: Mapped[str]
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

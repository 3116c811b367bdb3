"""Where pushes are kept."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class PushRow(Base):
    """A push: who, what, what the review said, and which agent and prompt the commit names."""

    __tablename__ = "pushes"
    __table_args__ = (Index("ix_pushes_app_time", "tenant", "app", "time"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    app: Mapped[str]
    commit: Mapped[str]
    tree: Mapped[str]
    pusher: Mapped[str]
    subject: Mapped[str]
    agent: Mapped[str]
    prompt: Mapped[str]
    accepted: Mapped[bool]
    review: Mapped[str]
    time: Mapped[datetime]

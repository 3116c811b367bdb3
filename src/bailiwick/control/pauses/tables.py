"""Where pauses are kept."""

from datetime import datetime

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class PauseRow(Base):
    """A worker that is held; it has no row when it may go on."""

    __tablename__ = "worker_pauses"
    __table_args__ = (PrimaryKeyConstraint("tenant", "app", "mode", "worker"),)

    app: Mapped[str] = mapped_column()
    mode: Mapped[str]
    worker: Mapped[str]
    paused_by: Mapped[str]
    paused_at: Mapped[datetime]
    reason: Mapped[str]

"""Where freezes are kept, and the releases that each leaves alone."""

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped

from bailiwick.store import Base


class FreezeRow(Base):
    """A freeze; it stands while nobody lifted it."""

    __tablename__ = "freezes"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "id"),
        Index("ix_freezes_standing", "tenant", "started_at", postgresql_where=text("lifted_at IS NULL")),
    )

    id: Mapped[str]
    kind: Mapped[str]
    subject: Mapped[str]
    ecosystem: Mapped[str]
    versions: Mapped[str]
    reason: Mapped[str]
    started_by: Mapped[str]
    started_at: Mapped[datetime]
    lifted_by: Mapped[str]
    lifted_at: Mapped[datetime | None]
    lift_reason: Mapped[str]


class ExemptionRow(Base):
    """A release that a freeze leaves alone, because (`why`) it was `running` when the freeze began, or is its `fix`."""

    __tablename__ = "freeze_exemptions"
    __table_args__ = (PrimaryKeyConstraint("tenant", "freeze", "release"),)

    freeze: Mapped[str]
    release: Mapped[str]
    app: Mapped[str]
    why: Mapped[str]
    by: Mapped[str]
    reason: Mapped[str]
    time: Mapped[datetime]

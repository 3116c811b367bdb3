"""Where it is kept what is to be reviewed again, and which releases became unsafe."""

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class AskedRow(Base):
    """A tree that is to be reviewed again: lowest `rank` first. `not_before` moves on when somebody takes it up."""

    __tablename__ = "reviews_asked"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "app", "tree"),
        Index("ix_reviews_asked_next", "tenant", "rank", "not_before"),
    )

    app: Mapped[str]
    tree: Mapped[str]
    commit: Mapped[str] = mapped_column()
    because: Mapped[str]
    rank: Mapped[int]
    asked_at: Mapped[datetime]
    tries: Mapped[int]
    not_before: Mapped[datetime]


class UnsafeRow(Base):
    """A release that would not pass the review today."""

    __tablename__ = "unsafe_releases"
    __table_args__ = (PrimaryKeyConstraint("tenant", "app", "release"),)

    app: Mapped[str]
    release: Mapped[str]
    review: Mapped[str]
    because: Mapped[str]
    severity: Mapped[str]
    since: Mapped[datetime]
    due: Mapped[datetime]

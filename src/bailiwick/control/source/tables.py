"""Where pushes are kept."""

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class PushRow(Base):
    """A push: who, what, what the review said, and which agent, model and prompt its last commit names; `door` is the
    way by which it came, `branch` what it is of (empty: main).
    """

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
    model: Mapped[str] = mapped_column(server_default="")
    door: Mapped[str] = mapped_column(server_default="git")
    branch: Mapped[str] = mapped_column(server_default="", default="")


class CommitRow(Base):
    """A commit that was taken, with what it says of how it was made; `place` counts from the newest of its push."""

    __tablename__ = "commits"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "app", "commit"),
        Index("ix_commits_push", "tenant", "push", "place"),
    )

    app: Mapped[str]
    commit: Mapped[str] = mapped_column()
    push: Mapped[str]
    place: Mapped[int]
    time: Mapped[datetime]
    claimed_author: Mapped[str]
    subject: Mapped[str]
    agent: Mapped[str]
    model: Mapped[str]
    prompts: Mapped[list[str]]

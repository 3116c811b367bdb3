"""Where previews of branches are kept."""

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from bailiwick.store import Base


class PreviewRow(Base):
    """The preview of a branch, as long as the branch is there; no two of an app have one label."""

    __tablename__ = "branch_previews"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "app", "branch"),
        UniqueConstraint("tenant", "app", "label", name="uq_branch_previews_label"),
        Index("ix_branch_previews_ends", "tenant", "state", "ends_at"),
    )

    app: Mapped[str]
    branch: Mapped[str]
    label: Mapped[str]
    host: Mapped[str]
    state: Mapped[str]
    release: Mapped[str]
    commit: Mapped[str]
    tree: Mapped[str]
    pushed_by: Mapped[str]
    pushed_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str]
    reason: Mapped[str]
    status: Mapped[str]
    words: Mapped[str]

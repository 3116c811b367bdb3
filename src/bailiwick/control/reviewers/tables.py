"""Where readings are kept, so that a tree is read once by the same reviewers."""

from datetime import datetime
from typing import Any

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class ReadingRow(Base):
    """A tree as reviewers read it. `by` names lenses, models and instructions; `state` is reading or read."""

    __tablename__ = "review_readings"
    __table_args__ = (PrimaryKeyConstraint("tenant", "app", "tree"),)

    app: Mapped[str]
    tree: Mapped[str]
    by: Mapped[str]
    state: Mapped[str]
    started: Mapped[datetime]
    done: Mapped[int]
    total: Mapped[int]
    lenses: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)

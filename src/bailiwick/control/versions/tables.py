"""What rows of every kind of version have."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from bailiwick.store import Base


class VersionRow(Base):
    """A version; one at most of each name is in force."""

    __abstract__ = True

    name: Mapped[str]
    version: Mapped[int]
    scope: Mapped[str]
    text: Mapped[str]
    author: Mapped[str]
    reason: Mapped[str]
    time: Mapped[datetime]
    state: Mapped[str]
    decided_by: Mapped[str]
    decided_reason: Mapped[str]
    decided_at: Mapped[datetime | None]
    activated_by: Mapped[str]
    activated_at: Mapped[datetime | None]

    @property
    def label(self) -> str:
        """Its name with its version."""
        return f"{self.name}@{self.version}"

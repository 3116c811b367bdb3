"""Where the inventory is kept."""

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class FolderRow(Base):
    """A folder."""

    __tablename__ = "folders"
    __table_args__ = (PrimaryKeyConstraint("tenant", "path"),)

    path: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class AppRow(Base):
    """An app."""

    __tablename__ = "apps"
    __table_args__ = (
        UniqueConstraint("tenant", "path"),
        UniqueConstraint("tenant", "host"),
        Index("ix_apps_owner", "tenant", "owner"),
        # By bytes, as its migration says: what is read of an index tells no collation.
        Index("ix_apps_listed", "path"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[str]
    folder: Mapped[str]
    name: Mapped[str]
    host: Mapped[str]
    created_by: Mapped[str]
    owner: Mapped[str]
    created_at: Mapped[datetime]
    data_classes: Mapped[list[str]] = mapped_column(server_default="[]")

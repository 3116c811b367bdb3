"""Where the directory keeps users and groups as they were described to us, and who is in which group."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from bailiwick.store import Base


class ResourceRow(Base):
    """A user or a group of one directory.

    `document` is the resource as SCIM describes it, without what other columns hold. `comparable` is the same with
    every string in the form that filters and sorting compare: so comparing needs no collation of the database.
    `unique_name` is the comparable user name or display name; `email` says which person a user is.
    """

    __tablename__ = "directory_resources"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "id"),
        UniqueConstraint("tenant", "kind", "unique_name"),
        UniqueConstraint("tenant", "email"),
        Index("ix_directory_resources_listing", "tenant", "directory", "kind", "id"),
    )

    id: Mapped[str]
    directory: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    unique_name: Mapped[str]
    email: Mapped[str | None]
    document: Mapped[dict[str, Any]]
    comparable: Mapped[dict[str, Any]]
    version: Mapped[int]
    created: Mapped[datetime]
    modified: Mapped[datetime]


class MemberRow(Base):
    """That a user or a group is a member of a group."""

    __tablename__ = "directory_members"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "group_id", "member_id"),
        Index("ix_directory_members_member", "tenant", "member_id"),
        ForeignKeyConstraint(
            ["tenant", "group_id"], ["directory_resources.tenant", "directory_resources.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["tenant", "member_id"],
            ["directory_resources.tenant", "directory_resources.id"],
            ondelete="CASCADE",
            name="fk_directory_members_member",
        ),
    )

    group_id: Mapped[str]
    member_id: Mapped[str]

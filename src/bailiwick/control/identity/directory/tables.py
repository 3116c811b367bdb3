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
    `external_id` is the directory's own identifier (RFC 7643, section 3.1), as filters compare it.
    """

    __tablename__ = "directory_resources"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "id"),
        UniqueConstraint("tenant", "kind", "unique_name"),
        UniqueConstraint("tenant", "email"),
        Index("ix_directory_resources_listing", "tenant", "directory", "kind", "id"),
        Index("ix_directory_resources_external", "tenant", "directory", "kind", "external_id"),
    )

    id: Mapped[str]
    directory: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    unique_name: Mapped[str]
    external_id: Mapped[str | None]
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


class ProblemRow(Base):
    """Something in a directory that could not be taken over, since when: somebody must look at it."""

    __tablename__ = "directory_problems"
    __table_args__ = (PrimaryKeyConstraint("tenant", "directory", "key"),)

    directory: Mapped[str]
    key: Mapped[str]
    subject: Mapped[str]
    words: Mapped[str]
    since: Mapped[datetime]


class RunRow(Base):
    """One reading of a directory that is read by us: asked for, at work, or how it ended. Ids sort by time."""

    __tablename__ = "directory_runs"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "id"),
        Index("ix_directory_runs_newest", "tenant", "directory", "id"),
    )

    id: Mapped[str]
    directory: Mapped[str]
    state: Mapped[str]
    asked_by: Mapped[str]
    dry_run: Mapped[bool]
    accepted: Mapped[int]
    asked: Mapped[datetime]
    finished: Mapped[datetime | None]
    stage: Mapped[str]
    done: Mapped[int]
    total: Mapped[int]
    counts: Mapped[dict[str, Any]]
    words: Mapped[str]

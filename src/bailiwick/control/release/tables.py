"""Where releases are kept: signed chains, and deploys as rows with a state."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class ReleaseRow(Base):
    """A release: its chain of envelopes and the integrations as they were approved.

    `contents` says whether its packages are known: `read`, `unreadable`, or empty for what was packed before they were.
    `branch` is what a preview is of, empty for main.
    """

    __tablename__ = "releases"
    __table_args__ = (Index("ix_releases_app", "tenant", "app", "mode", "created_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    app: Mapped[str]
    mode: Mapped[str]
    commit: Mapped[str]
    tree: Mapped[str]
    authors: Mapped[list[str]]
    approvers: Mapped[list[str]]
    reach: Mapped[str]
    artifact_sha256: Mapped[str]
    chain: Mapped[dict[str, Any]]
    integrations: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    contents: Mapped[str] = mapped_column(server_default="")
    branch: Mapped[str] = mapped_column(server_default="", default="")


class ReleasePackageRow(Base):
    """A package in a release, as its lock file names it."""

    __tablename__ = "release_packages"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "release", "place"),
        Index("ix_release_packages_name", "tenant", "ecosystem", "name"),
    )

    release: Mapped[str]
    place: Mapped[int]
    ecosystem: Mapped[str]
    name: Mapped[str]
    version: Mapped[str]
    path: Mapped[str]


class CurrentRow(Base):
    """Which release of an app is served in which mode, and whether its own database may lose data for it.

    `branch` is empty but for previews beside main's.
    """

    __tablename__ = "current_releases"
    __table_args__ = (PrimaryKeyConstraint("tenant", "app", "mode", "branch"),)

    app: Mapped[str]
    mode: Mapped[str]
    branch: Mapped[str] = mapped_column(server_default="", default="")
    release: Mapped[str]
    accept_loss: Mapped[bool] = mapped_column(server_default="false", default=False)


class CandidateRow(Base):
    """Which release of an app runs beside the one that is served in production, in which step of a rollout."""

    __tablename__ = "candidates"
    __table_args__ = (PrimaryKeyConstraint("tenant", "app"),)

    app: Mapped[str]
    release: Mapped[str]
    rollout: Mapped[str]
    step: Mapped[int]
    share: Mapped[float]
    names: Mapped[list[str]]


class DeployRow(Base):
    """A deploy and its state. Once released, `users` holds who could use the app then, `gate` how it came through."""

    __tablename__ = "deploys"
    __table_args__ = (
        Index("ix_deploys_app", "tenant", "app", "requested_at"),
        Index("ix_deploys_state", "tenant", "state"),
        Index("ix_deploys_release", "tenant", "release"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    app: Mapped[str]
    commit: Mapped[str]
    tree: Mapped[str]
    authors: Mapped[list[str]]
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    state: Mapped[str]
    first_deploy: Mapped[bool]
    reach: Mapped[dict[str, Any]]
    integrations: Mapped[dict[str, Any]]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str]
    release: Mapped[str]
    fixes: Mapped[str] = mapped_column(server_default="")
    emergency: Mapped[str] = mapped_column(server_default="", default="")
    users: Mapped[list[str] | None] = mapped_column(JSONB(none_as_null=True))
    gate: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    decided_for: Mapped[str] = mapped_column(server_default="", default="")


class EmergencyRow(Base):
    """A release that went out as an emergency, and what somebody found who looked at it later."""

    __tablename__ = "emergencies"
    __table_args__ = (PrimaryKeyConstraint("tenant", "deploy"),)

    deploy: Mapped[str]
    app: Mapped[str]
    release: Mapped[str]
    reason: Mapped[str]
    approvers: Mapped[list[str]]
    time: Mapped[datetime]
    due: Mapped[datetime]
    told_overdue: Mapped[bool]
    verdict: Mapped[str]
    reviewed_by: Mapped[str]
    reviewed_at: Mapped[datetime | None]
    review_reason: Mapped[str]

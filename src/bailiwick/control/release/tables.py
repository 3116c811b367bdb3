"""Where releases are kept: signed chains, deploys as rows with a state, and stops."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class ReleaseRow(Base):
    """A release: its chain of envelopes and the integrations as they were approved."""

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


class CurrentRow(Base):
    """Which release of an app is served in which mode."""

    __tablename__ = "current_releases"
    __table_args__ = (PrimaryKeyConstraint("tenant", "app", "mode"),)

    app: Mapped[str]
    mode: Mapped[str]
    release: Mapped[str]


class DeployRow(Base):
    """A deploy and its state."""

    __tablename__ = "deploys"
    __table_args__ = (
        Index("ix_deploys_app", "tenant", "app", "requested_at"),
        Index("ix_deploys_state", "tenant", "state"),
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


class KillRow(Base):
    """A stop, in one mode or (`mode` is empty) in all; it stands while it has no revival."""

    __tablename__ = "kills"
    __table_args__ = (Index("ix_kills_app", "tenant", "app", "time"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    app: Mapped[str]
    mode: Mapped[str]
    because: Mapped[str]
    by: Mapped[str]
    time: Mapped[datetime]
    evidence: Mapped[str]
    revived_by: Mapped[str]
    revive_reason: Mapped[str]
    revived_at: Mapped[datetime | None]

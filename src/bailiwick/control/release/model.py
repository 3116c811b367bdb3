"""Deploys, releases and stops, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from bailiwick.core.reach import Reach

Mode = Literal["preview", "production"]
PREVIEW: Mode = "preview"
PRODUCTION: Mode = "production"
PLANE_OF_MODE = {PREVIEW: "editor", PRODUCTION: "production"}


class DeployState(StrEnum):
    """Where a deploy stands. Requested is the only state that a person must act on."""

    REQUESTED = "requested"
    RELEASED = "released"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Deploy:
    """A wish to bring one commit, with one reach, to production."""

    id: str
    app: str
    commit: str
    tree: str
    authors: tuple[str, ...]
    requested_by: str
    requested_at: datetime
    state: DeployState
    first_deploy: bool
    reach: Reach
    decided_by: str
    decided_at: datetime | None
    reason: str
    release: str


@dataclass(frozen=True, slots=True)
class Release:
    """What was packed and signed, for previews or for production."""

    id: str
    app: str
    mode: str
    commit: str
    tree: str
    authors: tuple[str, ...]
    approvers: tuple[str, ...]
    artifact_sha256: str
    created_at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class UsedTree:
    """A tree that an app runs as a release in a mode, or (both are empty) that waits to be decided about."""

    app: str
    tree: str
    commit: str
    mode: str
    release: str


@dataclass(frozen=True, slots=True)
class Kill:
    """That an app was stopped, in one mode or (`mode` is empty) in all, and whether a person brought it back."""

    id: str
    app: str
    mode: str
    because: str
    by: str
    time: datetime
    evidence: str
    revived_by: str
    revive_reason: str
    revived_at: datetime | None

    def stops(self, mode: str) -> bool:
        """Whether it keeps the app from running in a mode."""
        return self.mode in {"", mode}


@dataclass(frozen=True, slots=True)
class AppKilled:
    """Planes must stop this app in these modes now."""

    app: str
    modes: tuple[Mode, ...]
    because: str


@dataclass(frozen=True, slots=True)
class JobAsked:
    """The plane that serves production must run this job once, now; `run` names the run."""

    app: str
    job: str
    run: str
    asked_by: str


@dataclass(frozen=True, slots=True)
class StateChanged:
    """Planes must hear their desired state anew."""


Change = AppKilled | JobAsked | StateChanged


@dataclass(frozen=True, slots=True)
class ReachChange:
    """What an approver must see of a reach: lines that are new, that go away, and that stay."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]

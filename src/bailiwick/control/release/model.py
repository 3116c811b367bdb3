"""Deploys and releases, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bailiwick.control.change_windows import Standing
from bailiwick.control.gates import RuleKind, Weighed
from bailiwick.core.modes import Mode
from bailiwick.core.policy import ContextValue, Decision
from bailiwick.core.reach import Reach
from bailiwick.core.reach_words import Line


class DeployState(StrEnum):
    """Where a deploy stands. Requested is the only state that a person must act on."""

    REQUESTED = "requested"
    RELEASED = "released"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Deploy:
    """A wish to bring one commit, with one reach, to production; `fixes` is the freeze that it mends,
    `emergency` says why it cannot wait for its rule and its window, where it is one.

    `gate` says, once it was released, by which rule and whose approvals it came through.
    """

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
    fixes: str = ""
    gate: Mapping[str, Any] | None = None
    decided_for: str = ""
    emergency: str = ""


@dataclass(frozen=True, slots=True)
class DeployView:
    """A deploy that waits: how it stands, what is new in its reach, and whether somebody's approval would help it.

    `could` are people, by written name, who could take a seat that is missing, of those who may approve; `window` says
    whether it may go out now, and `against` what holds it up besides once it has its approvals.
    """

    weighed: Weighed
    new: tuple[Line, ...]
    before: Reach | None
    expires_at: datetime
    you_could_help: bool
    could: tuple[str, ...]
    window: Standing
    emergency: str = ""
    against: str = ""

    @property
    def waits(self) -> str:
        """What it waits for once it has its approvals, in words; nothing as long as some are missing."""
        words = f"held up: {self.against}" if self.against else "" if self.emergency else self.window.waits
        if not self.weighed.met or not words:
            return ""
        return f"approved; {words}" if self.weighed.demand.kind is not RuleKind.AUTOMATIC else words


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether somebody may decide about a deploy; `behalf` is who handed that right to them, empty for their own."""

    decision: Decision
    behalf: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A deploy that waits for a decision, for whoever tells people of it: what policy is told when somebody decides,
    and the lines that are new in its reach.
    """

    deploy: Deploy
    facts: Mapping[str, ContextValue]
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """What somebody wants to bring to production, for whoever asks whether a freeze covers it.

    `integrations` are the resources that it reaches; `release` is empty as long as nothing was packed, and `fixes`
    names the freeze that it is said to be the fix of.
    """

    app: str
    tree: str
    commit: str
    integrations: frozenset[str]
    authors: tuple[str, ...]
    release: str = ""
    fixes: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """What was packed and signed, for previews (`branch` is empty for main's) or for production."""

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
    branch: str = ""


@dataclass(frozen=True, slots=True)
class UsedTree:
    """A tree that an app runs as a release in a mode, or (both are empty) that waits to be decided about, or that a
    rollback would go to.
    """

    app: str
    tree: str
    commit: str
    mode: str
    release: str


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


@dataclass(frozen=True, slots=True)
class MessageAsked:
    """A worker of an app in a mode must get this message (JSON), or, with `revive`, what it gave up."""

    app: str
    mode: Mode
    worker: str
    message: str
    revive: bool
    asked_by: str


Change = JobAsked | MessageAsked | StateChanged


@dataclass(frozen=True, slots=True)
class ReachChange:
    """What an approver must see of a reach: lines that are new, that go away, and that stay."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]

"""Standards in versions, and what a trial of one found, as plain values."""

from dataclasses import dataclass
from datetime import datetime

from bailiwick.control.policies import State


@dataclass(frozen=True, slots=True)
class StandardVersion:
    """One version of a standard: what its author wrote, which never changes, and what was decided about it."""

    name: str
    version: int
    scope: str
    text: str
    author: str
    reason: str
    time: datetime
    state: State
    decided_by: str = ""
    decided_reason: str = ""
    decided_at: datetime | None = None
    activated_by: str = ""
    activated_at: datetime | None = None

    @property
    def label(self) -> str:
        """Its name with its version: `house-style@3`."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class StandardSet:
    """A standard: the version in force, when there is one, and the newest."""

    name: str
    scope: str
    newest: StandardVersion
    active: StandardVersion | None = None


@dataclass(frozen=True, slots=True)
class TrialFinding:
    """A place of an app that a draft would have found."""

    rule: str
    severity: str
    path: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class AppTrial:
    """What a draft would have done to an app: its newest revision, and its pushes of the last month.

    `pushes` were taken, `blocked` of them would not have been; `left_out` more were not looked at.
    """

    app: str
    commit: str
    blocks: bool
    findings: tuple[TrialFinding, ...]
    more: int
    pushes: int
    blocked: int
    left_out: int
    could_not: str = ""

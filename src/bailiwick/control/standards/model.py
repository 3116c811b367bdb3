"""Standards in versions, and what a trial of one found, as plain values."""

from dataclasses import dataclass
from typing import TypeAlias

from bailiwick.control.versions import Version, VersionSet

StandardVersion: TypeAlias = Version
StandardSet: TypeAlias = VersionSet[Version]


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

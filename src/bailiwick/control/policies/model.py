"""Sets of policies and their versions, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """Where a version stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    ACTIVE = "active"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version of a set: what its author wrote, which never changes, and what was decided about it.

    `scope` is `organization:default` or `folder:…`; `tests` are its test cases in TOML.
    """

    name: str
    version: int
    scope: str
    text: str
    tests: str
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
        """Its name in decisions: `office-hours@3`."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class PolicySet:
    """A set of policies: the version in force, when there is one, and the newest."""

    name: str
    scope: str
    newest: PolicyVersion
    active: PolicyVersion | None = None

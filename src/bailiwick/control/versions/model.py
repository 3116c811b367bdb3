"""Versions of a text, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar


class State(StrEnum):
    """Where a version stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    ACTIVE = "active"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Version:
    """One version: what its author wrote, which never changes, and what was decided about it.

    `scope` is `organization:default` or `folder:…`.
    """

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
        """Its name with its version: `office-hours@3`."""
        return f"{self.name}@{self.version}"


V_co = TypeVar("V_co", bound=Version, covariant=True)


@dataclass(frozen=True)
class VersionSet(Generic[V_co]):
    """All of a name: the version in force, when there is one, and the newest."""

    name: str
    scope: str
    newest: V_co
    active: V_co | None = None

"""Freezes, what they cover and what runs under them, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FreezeKind(StrEnum):
    """By what a freeze covers a release."""

    EVERYTHING = "everything"
    PACKAGE = "package"
    RULE = "rule"
    INTEGRATION = "integration"
    FOLDER = "folder"


# A fix of these is still covered, so that somebody must say that it is one; of the others it is not any more.
MARKED_FIXES = frozenset({FreezeKind.EVERYTHING, FreezeKind.FOLDER, FreezeKind.INTEGRATION})


@dataclass(frozen=True, slots=True)
class Scope:
    """What a freeze covers: `subject` is the package, rule, integration or folder; `versions` a range.

    An empty range holds all versions.
    """

    kind: FreezeKind
    subject: str = ""
    ecosystem: str = ""
    versions: str = ""

    @property
    def words(self) -> str:
        """What it covers, in words."""
        match self.kind:
            case FreezeKind.EVERYTHING:
                return "everything"
            case FreezeKind.PACKAGE:
                return f"{self.ecosystem} package {self.subject} {self.versions or '(all versions)'}"
            case FreezeKind.RULE:
                return f"whatever {self.subject} was found in"
            case _:
                return f"the {self.kind} {self.subject}"


@dataclass(frozen=True, slots=True)
class Freeze:
    """That nothing that a scope covers goes to production, by whom, why and since when, and who lifted it."""

    id: str
    scope: Scope
    reason: str
    started_by: str
    started_at: datetime
    lifted_by: str
    lifted_at: datetime | None
    lift_reason: str

    @property
    def stands(self) -> bool:
        """Whether it was not lifted yet."""
        return self.lifted_at is None

    @property
    def words(self) -> str:
        """Who froze what, when and why, as every refusal says it."""
        when = f"{self.started_at:%Y-%m-%d %H:%M} UTC"
        return f"{self.started_by} froze {self.scope.words} at {when}: {self.reason} ({self.id})"


@dataclass(frozen=True, slots=True)
class Affected:
    """A release that is served and that a freeze covers; `because` says by what. `state` is `running`, `stopped` by the
    kill switch, or `held`: planes do not start it. `fix` says that it was let through.
    """

    freeze: str
    app: str
    owner: str
    mode: str
    release: str
    commit: str
    because: str
    state: str
    fix: bool


@dataclass(frozen=True, slots=True)
class FreezeView:
    """A freeze, and what of it the asker may see."""

    freeze: Freeze
    affected: tuple[Affected, ...]

"""Reviewers, what they see and what they say, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bailiwick.control.review import Severity


class Lens(StrEnum):
    """What a reviewer looks for."""

    SECURITY = "security"
    DATA_USE = "data-use"
    POLICY = "policy"
    MIGRATIONS = "migrations"


class Mode(StrEnum):
    """What reviewers are to a verdict: not asked, asked for advice, or needed for it."""

    OFF = "off"
    ADVISE = "advise"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A model by its route, and the lenses that it reads with."""

    route: str
    lenses: frozenset[Lens] = frozenset(Lens)


@dataclass(frozen=True, slots=True)
class ReviewerOptions:
    """Who reviews, and what that means; `seconds` is the time for the whole reading of one tree."""

    mode: Mode = Mode.OFF
    reviewers: tuple[Reviewer, ...] = ()
    seconds: float = 480.0


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file as reviewers see it, as it is and with comments and docstrings blanked; lines keep their numbers."""

    path: str
    plain: str
    blanked: str
    changed: bool

    def text(self, *, blanked: bool) -> str:
        """Return one of the two."""
        return self.blanked if blanked else self.plain


@dataclass(frozen=True, slots=True)
class Told:
    """A fault that a reviewer names, whose quote was found at its line."""

    path: str
    line: int
    quote: str
    fault: str
    why: str
    fix: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Pass:
    """One reading of all that is seen: in which run, and whether comments were blanked."""

    run: int
    blanked: bool
    found: tuple[Told, ...]


class Weight(StrEnum):
    """What a fault that reviewers name does: blocks, advises, or says that comments made the difference."""

    BLOCKS = "blocks"
    ADVISES = "advises"
    SWAYED = "swayed"


@dataclass(frozen=True, slots=True)
class Judged:
    """A fault with its weight, and how it came to that in words."""

    told: Told
    weight: Weight
    words: str


@dataclass(frozen=True, slots=True)
class LensReading:
    """What came of one lens: who read, what they found, and why it says nothing where it does not."""

    lens: Lens
    route: str
    found: tuple[Judged, ...] = ()
    inconclusive: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A tree as reviewers read it, or are still reading it: `done` of `total` questions were answered."""

    state: str
    started: datetime
    done: int
    total: int
    lenses: tuple[LensReading, ...]

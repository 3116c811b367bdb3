"""Controls as an auditor asks for them: what was measured here, when, and what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Standing(StrEnum):
    """How a check or a control stands, the worst first. What nobody measured is no proof of anything."""

    FAILED = "failed"
    NOT_MEASURED = "not measured"
    GAP = "gap"
    HOLDS = "holds"


_ORDER = tuple(Standing)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold: which requirement asks for it, what was found, when that was seen last, and where."""

    requirement: str
    promise: str
    standing: Standing
    found: str
    evidence: str
    proved: datetime | None = None


@dataclass(frozen=True, slots=True)
class Control:
    """One of the seven controls, with its checks."""

    name: str
    title: str
    checks: tuple[Check, ...]

    @property
    def standing(self) -> Standing:
        """How the control stands: as the worst of its checks."""
        return min((check.standing for check in self.checks), key=_ORDER.index, default=Standing.NOT_MEASURED)

    @property
    def proved(self) -> datetime | None:
        """When it was last proved as a whole: the oldest proof of its checks, None while one has none."""
        times = [check.proved for check in self.checks]
        known = [time for time in times if time is not None]
        return min(known) if known and len(known) == len(times) else None

    @property
    def gaps(self) -> tuple[Check, ...]:
        """The checks that do not hold."""
        return tuple(check for check in self.checks if check.standing is not Standing.HOLDS)


@dataclass(frozen=True, slots=True)
class Report:
    """All controls at a moment, in an installation."""

    made: datetime
    controls: tuple[Control, ...]

    def count(self, standing: Standing) -> int:
        """Return how many controls stand so."""
        return sum(control.standing is standing for control in self.controls)


def share(good: int, every: int, *, what: str, nothing: str) -> tuple[Standing, str]:
    """Return how a promise about each of some things stands; of none it was never put to the proof."""
    if not every:
        return Standing.NOT_MEASURED, nothing
    standing = Standing.HOLDS if good == every else Standing.FAILED
    return standing, f"{good:,} of {every:,} {what}"


def recent(time: datetime | None, now: datetime, within: timedelta) -> Standing:
    """Return how a proof stands by its age."""
    if time is None:
        return Standing.NOT_MEASURED
    return Standing.HOLDS if now - time <= within else Standing.GAP


def worst(standings: Sequence[Standing]) -> Standing:
    """Return the worst of some, not measured where there is none."""
    return min(standings, key=_ORDER.index, default=Standing.NOT_MEASURED)

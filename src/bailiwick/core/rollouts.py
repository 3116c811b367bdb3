"""Rollouts as both planes speak of them: who gets the candidate, and what was counted of either release."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from math import ceil, log2
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from bailiwick.core.principals import Identity

# Durations are counted in classes whose bounds grow by a fourth root of two: a quantile is off by 19 % at most.
_CLASSES_A_DOUBLING = 4
_LAST_CLASS = 80  # of 2^20 ms and more
_ERROR = 500


class RolloutMessage(BaseModel):
    """Base of what is said of rollouts: frozen, strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RolloutStep(RolloutMessage):
    """Who gets the candidate of a rollout now: `names` (people and groups) whatever their place, and a `share` of all.

    A person's place between 0 and 1 is a hash of person and rollout; of the address, where nobody is signed in. It
    stays, so that whoever got the candidate keeps it while the share grows, and other people are first in another
    rollout.
    """

    rollout: str
    number: int = Field(ge=0)
    share: float = Field(ge=0, le=1)
    names: frozenset[str] = frozenset()

    def gives(self, identity: Identity) -> bool:
        """Whether somebody gets the candidate."""
        who = identity.address if identity.is_anonymous else str(identity.principal)
        return not self.names.isdisjoint(identity.names) or self.place(who) < self.share

    def place(self, principal: str) -> float:
        """Return where somebody stands between 0 and 1 in this rollout."""
        found = hashlib.sha256(f"{self.rollout} {principal}".encode()).digest()[:8]
        return int.from_bytes(found) / 2**64


class SideCounts(RolloutMessage):
    """What was answered by one release: requests, failures of the app (5xx), and durations by class."""

    requests: int = Field(default=0, ge=0)
    errors: int = Field(default=0, ge=0)
    durations: Mapping[int, int] = Field(default_factory=dict, max_length=_LAST_CLASS + 1)

    @classmethod
    def of(cls, answered: Iterable[tuple[int, float]]) -> "SideCounts":
        """Return the counts of answers, each a status and its milliseconds."""
        seen = list(answered)
        classes = Counter(duration_class(milliseconds) for _, milliseconds in seen)
        return cls(requests=len(seen), errors=sum(status >= _ERROR for status, _ in seen), durations=dict(classes))

    def plus(self, other: "SideCounts") -> "SideCounts":
        """Return both together."""
        durations = Counter(self.durations)
        durations.update(other.durations)
        return SideCounts(
            requests=self.requests + other.requests, errors=self.errors + other.errors, durations=dict(durations)
        )

    @property
    def error_rate(self) -> float:
        """The part of the requests that failed; 0 where there were none."""
        return self.errors / self.requests if self.requests else 0.0

    def quantile_ms(self, part: float) -> float:
        """Return the milliseconds within which this part of the requests was answered; 0 where there were none."""
        left = ceil(part * sum(self.durations.values()))
        for number in sorted(self.durations):
            left -= self.durations[number]
            if left <= 0:
                return float(2 ** (number / _CLASSES_A_DOUBLING))
        return 0.0


def duration_class(milliseconds: float) -> int:
    """Return the number of the class that a duration belongs to."""
    return min(max(ceil(_CLASSES_A_DOUBLING * log2(milliseconds)), 0), _LAST_CLASS) if milliseconds > 1 else 0


def read_step(text: str) -> dict[str, object]:
    """Read a step as people write it, who=minutes: 5%=10, group:support=30 or user:ann@example.com,5%=10.

    Raises `ValueError` when it is none. Whether what it says makes sense, a plan decides.
    """
    who, _, minutes = text.rpartition("=")
    parts = [part.strip() for part in who.split(",") if part.strip()]
    shares = [float(part.removesuffix("%")) for part in parts if part.endswith("%")]
    names = [part for part in parts if not part.endswith("%")]
    return {"minutes": float(minutes), "percent": max(shares, default=0.0), "names": names}


CandidateCondition = Literal["starting", "running", "frozen", "failed", "refused"]


class RolloutReport(RolloutMessage):
    """How a rollout is at a plane: whether the candidate is up, and what either release answered since the last report.

    `failed_checks` is how often in a row the app's own health check failed; -1 where it has none.
    """

    kind: Literal["rollout"] = "rollout"
    app: str
    mode: Literal["production"] = "production"
    rollout: str
    step: int = Field(ge=0)
    condition: CandidateCondition
    words: str = Field(default="", max_length=2000)
    failed_checks: int = Field(default=-1, ge=-1)
    stable: SideCounts = SideCounts()
    candidate: SideCounts = SideCounts()
    time: datetime

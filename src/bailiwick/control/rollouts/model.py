"""Plans and rollouts as plain values: who gets a candidate for how long, and where one stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bailiwick.control.rollouts.errors import PlanRefusedError
from bailiwick.core.rollouts import RolloutStep, SideCounts, read_step

_WEEK_MINUTES = 7 * 24 * 60.0
_EPSILON = 1e-9
_WRITTEN = "write who=minutes: 5%=10, group:support=30 or user:ann@example.com,5%=30"

Name = Annotated[str, Field(pattern=r"^(user|group|service|agent):[^\s:,][^\s,]{0,253}$")]


class PlanKind(StrEnum):
    """How releases of an app go out."""

    AT_ONCE = "at-once"
    STAGED = "staged"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(_Part):
    """For how many minutes at least these people and groups, and this share of everybody, have the candidate.

    Steps add up: nobody is taken back to the release before by a later one.
    """

    minutes: float = Field(gt=0, le=_WEEK_MINUTES)
    percent: float = Field(default=0, ge=0, lt=100)
    names: tuple[Name, ...] = Field(default=(), max_length=200)

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.percent and not self.names:
            raise ValueError("a step names a share, people or groups")
        return self


class HealthLimits(_Part):
    """What a candidate is held against, in the same time as the release before.

    `error_doubt` is how likely so many more errors may be by chance before it is taken back (Fisher's exact test, one
    side). `slower_factor` and `slower_ms` say how much slower the 95th percentile may be, both must be exceeded.
    `failed_checks` of the app's own check in a row are too many. A step is not over before `min_requests` went to the
    candidate, unless `quiet_minutes` have gone.
    """

    error_doubt: float = Field(default=0.001, gt=0, le=0.05)
    slower_factor: float = Field(default=2.0, gt=1, le=100)
    slower_ms: float = Field(default=100.0, ge=0, le=60_000)
    failed_checks: int = Field(default=3, ge=1, le=100)
    min_requests: int = Field(default=50, ge=0, le=1_000_000)
    quiet_minutes: float = Field(default=30.0, ge=0, le=_WEEK_MINUTES)


class Plan(_Part):
    """How releases go out: at once, or in steps after the last of which everybody has them."""

    kind: PlanKind = PlanKind.AT_ONCE
    steps: tuple[Step, ...] = Field(default=(), max_length=20)
    limits: HealthLimits = HealthLimits()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.kind is PlanKind.STAGED) != bool(self.steps):
            raise ValueError("a staged plan has steps, one at once has none")
        shares = [step.percent for step in self.steps if step.percent]
        if shares != sorted(shares):
            raise ValueError("the share of a step is no smaller than that of the one before")
        return self

    def step(self, rollout: str, number: int) -> RolloutStep:
        """Return what a plane is told of a step."""
        so_far = self.steps[: number + 1]
        names = frozenset(name for step in so_far for name in step.names)
        share = max(step.percent for step in so_far) / 100
        return RolloutStep(rollout=rollout, number=number, share=share, names=names)

    @property
    def words(self) -> str:
        """The plan in one line."""
        if self.kind is PlanKind.AT_ONCE:
            return "at once"
        return " → ".join([*(written(step) for step in self.steps), "everybody"])


AT_ONCE = Plan()


class RolloutState(StrEnum):
    """Where a rollout stands. Running is the only state in which a candidate runs."""

    RUNNING = "running"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled-back"
    ABORTED = "aborted"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class SetPlan:
    """A plan, on which scope it was set, by whom, when and why; nothing of that where none was set anywhere."""

    plan: Plan
    scope: str = ""
    set_by: str = ""
    set_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rollout:
    """A rollout: `stable` is what ran before, `candidate` what may take its place.

    `condition` is how the candidate was last said to be, `heard_at` when, and `waits_for` says in words why it is not
    further. `counts` are those of the present step.
    """

    id: str
    app: str
    deploy: str
    stable: str
    candidate: str
    plan: Plan
    step: int
    state: RolloutState
    condition: str
    words: str
    failed_checks: int
    waits_for: str
    started_at: datetime
    step_began: datetime | None
    heard_at: datetime | None
    ended_at: datetime | None
    ended_by: str
    reason: str
    baseline: SideCounts
    counts: tuple[SideCounts, SideCounts]


def plan_of(written: object) -> Plan:
    """Read a plan as the API takes it and rows hold it; raise `PlanRefusedError` that says what is wrong with it."""
    try:
        return Plan.model_validate(written)
    except ValidationError as fault:
        first = fault.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        words = str(first["msg"]).removeprefix("Value error, ")
        raise PlanRefusedError(
            f"the plan is not right: {place + ': ' if place else ''}{words}", hint=_WRITTEN
        ) from None


def staged(steps: Sequence[str], **limits: Any) -> dict[str, Any]:
    """Return a staged plan as `plan_of` reads it, from steps that are written as people write them."""
    return {"kind": PlanKind.STAGED.value, "steps": [_step(text) for text in steps], "limits": limits}


def written(step: Step) -> str:
    """Return a step as people write it, with units."""
    shares = [f"{step.percent:g} %"] if step.percent else []
    return f"{', '.join([*step.names, *shares])} for {step.minutes:g} min"


def less_careful(plan: Plan, base: Plan) -> str:
    """Return why a plan is less careful than another one, in words, or nothing."""
    if base.kind is PlanKind.AT_ONCE:
        return ""
    if plan.kind is PlanKind.AT_ONCE:
        return "it goes out at once"
    for minute in sorted({0.0, *_ends(plan), *_ends(base)}):
        if _share(plan, minute) > _share(base, minute) + _EPSILON:
            return f"after {minute:g} minutes {_share(plan, minute):g} % have it instead of {_share(base, minute):g} %"
    mine, theirs = plan.limits, base.limits
    looser = (
        mine.error_doubt < theirs.error_doubt,
        mine.slower_factor > theirs.slower_factor,
        mine.slower_ms > theirs.slower_ms,
        mine.failed_checks > theirs.failed_checks,
        mine.min_requests < theirs.min_requests,
        mine.quiet_minutes < theirs.quiet_minutes,
    )
    return "its limits are looser" if any(looser) else ""


def _ends(plan: Plan) -> list[float]:
    """Return after how many minutes each step of a plan is over at the earliest."""
    found: list[float] = []
    for step in plan.steps:
        found.append(step.minutes + (found[-1] if found else 0.0))
    return found


def _share(plan: Plan, minute: float) -> float:
    """Return the share in percent that a plan gives at a minute."""
    shares = [step.percent for step, end in zip(plan.steps, _ends(plan), strict=True)]
    over = sum(end <= minute + _EPSILON for end in _ends(plan))
    return 100.0 if over == len(shares) else max(shares[: over + 1])


def _step(text: str) -> dict[str, object]:
    try:
        return read_step(text)
    except ValueError:
        raise PlanRefusedError(f"'{text[:80]}' is no step", hint=_WRITTEN) from None

"""What becomes of a rollout now: a pure decision from what is known of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bailiwick.control.rollouts.health import why_worse
from bailiwick.control.rollouts.model import Rollout

# A plane tells of a rollout every few seconds. What it does not tell of goes no further.
SILENT_SECONDS = 30.0


class Next(StrEnum):
    """What a rollout does next."""

    WAIT = "wait"
    NEXT_STEP = "next-step"
    PROMOTE = "promote"
    ROLL_BACK = "roll-back"
    SUPERSEDE = "supersede"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is done, and why, in words."""

    what: Next
    why: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known beside the rollout: which release is served, and what keeps a candidate from going on.

    `stopped`, `refused` (the review's no) and `frozen` are words, empty where nothing is in the way; `reviewed` says
    why the verdict on it is not good just now although nobody said no.
    """

    now: datetime
    served: str
    stopped: str = ""
    refused: str = ""
    unreviewed: str = ""
    frozen: str = ""


def decide(rollout: Rollout, around: Surroundings) -> Outcome:
    """Return what becomes of a running rollout. What speaks against the candidate comes before what lets it go on."""
    if around.served != rollout.stable:
        return Outcome(Next.SUPERSEDE, "another release is served")
    against = _against(rollout, around)
    if against:
        return Outcome(Next.ROLL_BACK, against)
    waits_for = why_held(around) or _unfinished(rollout, around.now)
    if waits_for:
        return Outcome(Next.WAIT, waits_for)
    if rollout.step + 1 < len(rollout.plan.steps):
        return Outcome(Next.NEXT_STEP, f"step {rollout.step + 1} of {len(rollout.plan.steps)} was healthy")
    return Outcome(Next.PROMOTE, "every step was healthy")


def why_held(around: Surroundings) -> str:
    """Return why a candidate may go no further just now, whoever wants it to."""
    return around.refused or around.unreviewed or (f"frozen: {around.frozen}" if around.frozen else "")


def _against(rollout: Rollout, around: Surroundings) -> str:
    stable, candidate = rollout.counts
    limits = rollout.plan.limits
    if around.stopped:
        return f"the app was stopped: {around.stopped}"
    if rollout.condition in {"failed", "refused"}:
        return rollout.words or f"the candidate is {rollout.condition}"
    if rollout.failed_checks >= limits.failed_checks:
        return f"its health check failed {rollout.failed_checks} times in a row"
    return around.refused or why_worse(limits, stable, candidate, rollout.baseline)


def _unfinished(rollout: Rollout, now: datetime) -> str:
    """Return what a step still waits for, or nothing once it is over."""
    if rollout.heard_at is None or now - rollout.heard_at > timedelta(seconds=SILENT_SECONDS):
        return "the plane has not told how the candidate is"
    if rollout.condition != "running" or rollout.step_began is None:
        return "the candidate starts"
    step, limits = rollout.plan.steps[rollout.step], rollout.plan.limits
    due = rollout.step_began + timedelta(minutes=step.minutes)
    if now < due:
        return f"this step runs until {due:%H:%M:%S} UTC"
    missing = limits.min_requests - rollout.counts[1].requests
    quiet = rollout.step_began + timedelta(minutes=max(step.minutes, limits.quiet_minutes))
    if missing > 0 and now < quiet:
        return f"{missing} more requests to the candidate, or {quiet:%H:%M:%S} UTC"
    return ""

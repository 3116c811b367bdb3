"""A decision: the answer to one question, with the policies that gave it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bailiwick.core.errors import ForbiddenError, StepUpNeededError

# What decides where no policy does.
DEFAULT_DENY = "default-deny"


@dataclass(frozen=True, slots=True)
class StepUp:
    """What a sign-in must be like for an action: at most so many seconds old, with a second factor, or both."""

    max_age_seconds: int | None = None
    second_factor: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an action is allowed, why in words, and the ids of the policies that decided.

    `step_up` is set on a refusal that another sign-in would turn into a yes. `needed` names the roles any of which
    would, on a refusal that no policy made, where somebody asked for them.
    """

    allowed: bool
    reason: str
    deciders: tuple[str, ...] = ()
    step_up: StepUp | None = None
    needed: tuple[str, ...] = ()

    @property
    def within_reach(self) -> bool:
        """Whether it is allowed, or would be after another sign-in: what a page offers a person to do."""
        return self.allowed or self.step_up is not None

    def require(self, hint: str = "") -> None:
        """Return when allowed; when not, raise `StepUpNeededError` where a sign-in helps, else `ForbiddenError`."""
        if self.allowed:
            return
        if self.step_up is not None:
            raise StepUpNeededError(
                self.reason,
                deciders=self.deciders,
                max_age_seconds=self.step_up.max_age_seconds,
                second_factor=self.step_up.second_factor,
            )
        raise ForbiddenError(self.reason, hint=hint or self._hint(), deciders=self.deciders)

    def _hint(self) -> str:
        if self.needed:
            return f"one of these roles would do, ask an administrator for it: {', '.join(self.needed)}"
        if self.deciders and DEFAULT_DENY not in self.deciders:
            return "no role changes this: it takes another person, or another way"
        return "ask an administrator for the role or grant that this needs"


def both(decisions: Mapping[str, Decision]) -> Decision:
    """Return what holds where several must be allowed, given each one's decision by name: one refusal refuses.

    The reason names who may and why, or who may not. A sign-in helps only where it would settle every refusal.
    """
    refused = {who: decision for who, decision in decisions.items() if not decision.allowed}
    shown = refused or decisions
    deciders = tuple(sorted({decider for decision in shown.values() for decider in decision.deciders}))
    reason = "; ".join(f"{who}: {decision.reason}" for who, decision in shown.items())
    wanted = [decision.step_up for decision in refused.values() if decision.step_up is not None]
    step_up = strictest(wanted) if wanted and len(wanted) == len(refused) else None
    return Decision(not refused, reason, deciders, step_up)


def strictest(wanted: Sequence[StepUp]) -> StepUp:
    """Return the sign-in that satisfies all of these."""
    ages = [item.max_age_seconds for item in wanted if item.max_age_seconds is not None]
    return StepUp(min(ages, default=None), any(item.second_factor for item in wanted))

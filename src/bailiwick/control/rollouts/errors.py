"""What can go wrong with rollouts and their plans."""

from bailiwick.core.errors import ConflictError, InvalidInputError, NotFoundError


class PlanRefusedError(InvalidInputError):
    """The plan cannot be read, or is less careful than it must be."""

    code = "rollout.plan-refused"


class NoRolloutError(NotFoundError):
    """Nothing is being rolled out."""

    code = "rollout.none"


class PromotionHeldError(ConflictError):
    """The candidate may not take over now."""

    code = "rollout.held"

"""What can go wrong with rules and approvals."""

from bailiwick.core.errors import ConflictError, ForbiddenError, NotFoundError


class NoSuchRuleError(NotFoundError):
    """No rule stands there."""

    code = "approval-rule.not-found"


class AlreadyApprovedError(ConflictError):
    """This person's approval of the deploy stands already."""

    code = "deploy.already-approved"


class NoSeatError(ForbiddenError):
    """The rule demands others: this person's approval would meet no part of it."""

    code = "deploy.approval-not-wanted"

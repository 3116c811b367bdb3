"""What can go wrong with an organisation's policies."""

from bailiwick.core.errors import ConflictError, InvalidInputError
from bailiwick.core.policy import Checked

_MOST_TOLD = 50


class PolicyNotValidError(InvalidInputError):
    """The text has faults or its test cases fail; `details` says where and which."""

    code = "policy.not-valid"

    def __init__(self, checked: Checked) -> None:
        """Take what the check found."""
        super().__init__(
            checked.problems[0],
            hint="bailiwick policy test FILE shows everything before you propose it",
            details={"problems": checked.problems[:_MOST_TOLD]},
        )


class WouldLockOutError(ConflictError):
    """In force, these policies would leave nobody who could replace them or give roles."""

    code = "policy.would-lock-out"


class TooManyPoliciesError(ConflictError):
    """All sets together would have more policies than a decision can afford."""

    code = "policy.too-many"

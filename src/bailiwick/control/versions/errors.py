"""What can go wrong with versions."""

from bailiwick.core.errors import ConflictError


class WrongStateError(ConflictError):
    """The version is not in a state that allows this."""

    code = "policy.wrong-state"

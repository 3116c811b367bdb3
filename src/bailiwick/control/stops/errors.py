"""What can go wrong with stops."""

from bailiwick.core.errors import ConflictError


class NotStoppedError(ConflictError):
    """Nothing stands that could be lifted."""

    code = "stop.not-standing"

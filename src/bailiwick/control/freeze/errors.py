"""What can go wrong with a freeze."""

from bailiwick.core.errors import ConflictError


class FreezeNotStandingError(ConflictError):
    """The freeze was lifted already."""

    code = "freeze.not-standing"

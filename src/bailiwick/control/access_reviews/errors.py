"""What can go wrong in an access review."""

from bailiwick.core.errors import ConflictError


class NotOpenError(ConflictError):
    """The access review is not open: nothing can be decided in it."""

    code = "access-review.not-open"

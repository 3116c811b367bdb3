"""What can go wrong with pauses."""

from bailiwick.core.errors import ConflictError


class PausedAlreadyError(ConflictError):
    """The worker is held already; who holds it, and why, stays as it was said first."""

    code = "worker.paused-already"


class NotPausedError(ConflictError):
    """The worker is not held by anybody."""

    code = "worker.not-paused"

"""What can go wrong when secrets are rotated."""

from bailiwick.core.errors import ConflictError, NotFoundError, UnavailableError


class NotRotatableError(ConflictError):
    """Nobody said how a secret is rotated: only a person can put another value into the vault."""

    code = "rotation.no-source"


class RotationNotFoundError(NotFoundError):
    """There is no rule for this secret."""

    code = "rotation.not-found"


class SourceUnavailableError(UnavailableError):
    """The system that a secret is for does not answer: it is tried again."""

    code = "rotation.source-unavailable"


class SourceRefusedError(UnavailableError):
    """The system that a secret is for says no: trying again would not help."""

    code = "rotation.source-refused"

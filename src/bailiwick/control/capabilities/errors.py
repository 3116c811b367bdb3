"""What can go wrong with capabilities."""

from bailiwick.core.errors import ConflictError


class CapabilityOpenError(ConflictError):
    """The capability is open already, or not open any more."""

    code = "capability.open"

"""What can go wrong with waivers."""

from bailiwick.core.errors import ConflictError, InvalidInputError


class NotWaivableError(InvalidInputError):
    """No waiver can let this finding pass."""

    code = "waiver.not-waivable"


class WaiverNotOpenError(ConflictError):
    """The waiver is not in a state that allows this."""

    code = "waiver.not-open"

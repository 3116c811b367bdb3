"""What can go wrong on the way to production."""

from bailiwick.core.errors import ConflictError, ForbiddenError


class NotReviewedError(ConflictError):
    """There is no signed verdict for what should be deployed."""

    code = "release.not-reviewed"


class NotDecidableError(ConflictError):
    """The thing is not waiting for this decision any more."""

    code = "release.not-decidable"


class AppIsStoppedError(ForbiddenError):
    """Policy does not let this app be deployed now."""

    code = "release.deploy-refused"

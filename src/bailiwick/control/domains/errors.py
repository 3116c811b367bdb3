"""What can go wrong with domains."""

from bailiwick.core.errors import ConflictError, NotFoundError


class DomainTakenError(ConflictError):
    """An app has the name already; whose it is, is not said."""

    code = "domain.taken"


class NoSuchDomainError(NotFoundError):
    """The app does not have the name."""

    code = "domain.not-found"

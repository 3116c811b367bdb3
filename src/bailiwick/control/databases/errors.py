"""What can go wrong with databases of apps' own."""

from bailiwick.core.errors import ConflictError


class MomentGoneError(ConflictError):
    """The plane cannot rebuild that moment."""

    code = "database.moment-gone"

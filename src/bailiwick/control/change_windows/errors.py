"""What can go wrong with change windows."""

from bailiwick.core.errors import NotFoundError


class NoSuchWindowError(NotFoundError):
    """No change window stands there."""

    code = "change-window.not-found"

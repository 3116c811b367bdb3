"""What can go wrong when a directory is read."""

from bailiwick.core.errors import UnavailableError


class DirectoryUnreadableError(UnavailableError):
    """The directory does not answer, refuses us, or answered in part only: nothing is changed."""

    code = "directory.unreadable"


class ReadingBrokenOffError(UnavailableError):
    """The control plane stops: what is not done yet is done by the next reading."""

    code = "directory.broken-off"

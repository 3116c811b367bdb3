"""What can go wrong with backups."""

from bailiwick.core.errors import ConflictError, InvalidInputError, UnavailableError


class BackupBrokenError(InvalidInputError):
    """A backup is not whole, not genuine, or not for this key; nothing was restored from it."""

    code = "backup.broken"


class BackupFailedError(UnavailableError):
    """A backup could not be written; nothing is left of it."""

    code = "backup.failed"


class NotEmptyError(ConflictError):
    """An installation is here already, or runs; a restore would write over it."""

    code = "backup.not-empty"

"""Backups of the control plane: made while it runs, checked before they are used, restored whole or not at all."""

from bailiwick.control.backup.afterwards import Outcome, after_restore
from bailiwick.control.backup.checking import Checked, check_backup
from bailiwick.control.backup.errors import BackupBrokenError, BackupFailedError, NotEmptyError
from bailiwick.control.backup.keys import read_passphrase
from bailiwick.control.backup.making import Source, make_backup
from bailiwick.control.backup.model import Manifest
from bailiwick.control.backup.restoring import Target, find_key, require_empty, require_stopped, restore

__all__ = [
    "BackupBrokenError",
    "BackupFailedError",
    "Checked",
    "Manifest",
    "NotEmptyError",
    "Outcome",
    "Source",
    "Target",
    "after_restore",
    "check_backup",
    "find_key",
    "make_backup",
    "read_passphrase",
    "require_empty",
    "require_stopped",
    "restore",
]

"""What can go wrong with the storage of an app. There is never a fall-back to a folder without a size."""

from bailiwick.core.errors import BailiwickError


class StorageError(BailiwickError):
    """An app's storage could not be made, opened or enlarged."""

    code = "storage.not-ready"
    status = 503

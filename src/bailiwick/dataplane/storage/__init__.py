"""Storage: files of an app that outlive its sandboxes, in a file system of their own with a size that holds."""

from bailiwick.dataplane.storage.ability import why_none
from bailiwick.dataplane.storage.errors import StorageError
from bailiwick.dataplane.storage.keeper import Kept, StorageKeeper
from bailiwick.dataplane.storage.volume import Filled, Volume

__all__ = ["Filled", "Kept", "StorageError", "StorageKeeper", "Volume", "why_none"]

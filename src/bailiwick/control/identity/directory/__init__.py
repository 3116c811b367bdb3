"""The directory: users and groups as companies' directories describe them, and what that means for people."""

from bailiwick.control.identity.directory.conditions import condition, sort_key
from bailiwick.control.identity.directory.errors import NameTakenError, UnknownMemberError, VersionChangedError
from bailiwick.control.identity.directory.model import (
    DirectoryClient,
    DirectoryToken,
    Draft,
    Kind,
    Link,
    NewDirectoryToken,
    Record,
    fold,
)
from bailiwick.control.identity.directory.people import attributes_of, directory_says, primary
from bailiwick.control.identity.directory.service import DirectoryService
from bailiwick.control.identity.directory.tables import ResourceRow

__all__ = [
    "DirectoryClient",
    "DirectoryService",
    "DirectoryToken",
    "Draft",
    "Kind",
    "Link",
    "NameTakenError",
    "NewDirectoryToken",
    "Record",
    "ResourceRow",
    "UnknownMemberError",
    "VersionChangedError",
    "attributes_of",
    "condition",
    "directory_says",
    "fold",
    "primary",
    "sort_key",
]

"""The directory: users and groups as companies' directories describe them, and what that means for people."""

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
from bailiwick.control.identity.directory.people import attributes_of, directory_says, primary, usable_address
from bailiwick.control.identity.directory.problems import StandingProblem
from bailiwick.control.identity.directory.runs import Run, RunState
from bailiwick.control.identity.directory.service import DirectoryService
from bailiwick.control.identity.directory.tables import MemberRow, ResourceRow
from bailiwick.control.identity.directory.views import DirectoryView

__all__ = [
    "DirectoryClient",
    "DirectoryService",
    "DirectoryToken",
    "DirectoryView",
    "Draft",
    "Kind",
    "Link",
    "MemberRow",
    "NameTakenError",
    "NewDirectoryToken",
    "Record",
    "ResourceRow",
    "Run",
    "RunState",
    "StandingProblem",
    "UnknownMemberError",
    "VersionChangedError",
    "attributes_of",
    "directory_says",
    "fold",
    "primary",
    "usable_address",
]

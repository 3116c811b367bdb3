"""What can go wrong when a directory describes people and groups."""

from bailiwick.core.errors import BailiwickError, ConflictError, InvalidInputError


class NameTakenError(ConflictError):
    """Another user, group or directory has this name or address already; `holder` is the directory that has it."""

    code = "directory.name-taken"

    def __init__(self, message: str, *, hint: str, holder: str) -> None:
        """Take the sentence, the next step, and which directory holds the name (empty when it is not known)."""
        super().__init__(message, hint=hint)
        self.holder = holder


class UnknownMemberError(InvalidInputError):
    """A group names members that this directory never described."""

    code = "directory.unknown-member"


class VersionChangedError(BailiwickError):
    """The resource is not the one that the caller knows any more (RFC 7644, section 3.14)."""

    code = "directory.version-changed"
    status = 412

"""What can go wrong when a directory describes people and groups."""

from bailiwick.core.errors import BailiwickError, ConflictError, InvalidInputError


class NameTakenError(ConflictError):
    """Another user, group or directory has this name or address already."""

    code = "directory.name-taken"


class UnknownMemberError(InvalidInputError):
    """A group names members that this directory never described."""

    code = "directory.unknown-member"


class VersionChangedError(BailiwickError):
    """The resource is not the one that the caller knows any more (RFC 7644, section 3.14)."""

    code = "directory.version-changed"
    status = 412

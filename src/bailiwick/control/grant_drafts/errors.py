"""What can go wrong when somebody drafts a grant."""

from bailiwick.core.errors import ConflictError, InvalidInputError, NotFoundError


class NoCatalogueError(ConflictError):
    """Nobody has looked yet what tables there are."""

    code = "grant-draft.no-catalogue"

    def __init__(self, integration: str) -> None:
        """Take the integration."""
        super().__init__(
            f"nobody has looked yet what tables {integration} has", hint=f"bailiwick integration look {integration}"
        )


class UnknownDraftError(NotFoundError):
    """There is no such draft."""

    code = "grant-draft.unknown"


class NotWithinReachError(InvalidInputError):
    """No data plane, or not the one that was named, reaches the database."""

    code = "grant-draft.no-plane"


class NothingToSaveError(InvalidInputError):
    """The draft opens nothing, or more than was asked and nobody said that this is meant."""

    code = "grant-draft.not-to-be-saved"

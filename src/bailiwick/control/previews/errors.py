"""What can go wrong with previews of branches."""

from bailiwick.core.errors import ConflictError, NotFoundError


class NoRoomError(ConflictError):
    """An app has as many previews of branches as it may, or one at the same address."""

    code = "preview.no-room"


class NoPreviewError(NotFoundError):
    """There is no preview of this branch, or none that can be brought back."""

    code = "preview.none"

"""Previews of branches, beside main's: where they answer, until when, and how they end."""

from bailiwick.control.previews.errors import NoPreviewError, NoRoomError
from bailiwick.control.previews.keeper import PreviewKeeper
from bailiwick.control.previews.model import Preview, PreviewState
from bailiwick.control.previews.register import PreviewRegister
from bailiwick.control.previews.service import PreviewService

__all__ = [
    "NoPreviewError",
    "NoRoomError",
    "Preview",
    "PreviewKeeper",
    "PreviewRegister",
    "PreviewService",
    "PreviewState",
]

"""Change windows: when releases may go to production, by folder."""

from bailiwick.control.change_windows.checking import days_of
from bailiwick.control.change_windows.errors import NoSuchWindowError
from bailiwick.control.change_windows.model import (
    WEEKDAYS,
    ClosedDays,
    Standing,
    Window,
    WindowDraft,
)
from bailiwick.control.change_windows.service import WindowService, standing_of
from bailiwick.control.change_windows.standing import standing

__all__ = [
    "WEEKDAYS",
    "ClosedDays",
    "NoSuchWindowError",
    "Standing",
    "Window",
    "WindowDraft",
    "WindowService",
    "days_of",
    "standing",
    "standing_of",
]

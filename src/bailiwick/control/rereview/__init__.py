"""Re-review: verdicts are asked for again when what they rest on changes; releases that became unsafe are listed."""

from bailiwick.control.rereview.keeper import RereviewKeeper
from bailiwick.control.rereview.model import Progress, UnsafeRelease
from bailiwick.control.rereview.second_reading import SecondReading
from bailiwick.control.rereview.service import RereviewService

__all__ = ["Progress", "RereviewKeeper", "RereviewService", "SecondReading", "UnsafeRelease"]

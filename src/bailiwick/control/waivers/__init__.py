"""Waivers: one finding of one app passes, for a reason, by the word of somebody who did not write it, until a day."""

from bailiwick.control.waivers.book import WaiverBook
from bailiwick.control.waivers.errors import NotWaivableError, WaiverNotOpenError
from bailiwick.control.waivers.findings import FindingBook, FindingPage
from bailiwick.control.waivers.model import DEFAULT_DAYS, MOST_DAYS, Waiver, WaiverFilter, WaiverPage, WaiverState
from bailiwick.control.waivers.service import WaiverService
from bailiwick.control.waivers.tables import WAIVERS

__all__ = [
    "DEFAULT_DAYS",
    "MOST_DAYS",
    "WAIVERS",
    "FindingBook",
    "FindingPage",
    "NotWaivableError",
    "Waiver",
    "WaiverBook",
    "WaiverFilter",
    "WaiverNotOpenError",
    "WaiverPage",
    "WaiverService",
    "WaiverState",
]

"""Lists of everything that there is: sorted, filtered, page by page, and the views of them that people keep."""

from bailiwick.control.listings.asking import pairs_of, parse
from bailiwick.control.listings.first_steps import STEPS, StepsTaken, steps_taken
from bailiwick.control.listings.model import Asked, Column, Found, Kind, Listing, Row, Value
from bailiwick.control.listings.queries import MOST_CALLS, RISKS, STATES
from bailiwick.control.listings.service import LISTINGS, Counts, Edge, ListingService, UsedBy
from bailiwick.control.listings.views import ListView, find_view, remove_view, save_view, views_of

__all__ = [
    "LISTINGS",
    "MOST_CALLS",
    "RISKS",
    "STATES",
    "STEPS",
    "Asked",
    "Column",
    "Counts",
    "Edge",
    "Found",
    "Kind",
    "ListView",
    "Listing",
    "ListingService",
    "Row",
    "StepsTaken",
    "UsedBy",
    "Value",
    "find_view",
    "pairs_of",
    "parse",
    "remove_view",
    "save_view",
    "steps_taken",
    "views_of",
]

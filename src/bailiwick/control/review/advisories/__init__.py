"""Advisories: what is publicly known of packages, imported from OSV exports and asked without a network."""

from bailiwick.control.review.advisories.importing import Imported, import_advisories
from bailiwick.control.review.advisories.model import AdvisoriesError, Advisory, Source
from bailiwick.control.review.advisories.store import Advisories, open_advisories

__all__ = [
    "Advisories",
    "AdvisoriesError",
    "Advisory",
    "Imported",
    "Source",
    "import_advisories",
    "open_advisories",
]

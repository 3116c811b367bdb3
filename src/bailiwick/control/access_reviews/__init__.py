"""Access reviews: campaigns in which owners look at who holds what, with evidence of use, and decide what goes."""

from bailiwick.control.access_reviews.closing import AT_ONCE, AccessReviewKeeper
from bailiwick.control.access_reviews.errors import NotOpenError
from bailiwick.control.access_reviews.export import campaign_json, csv_lines, item_json
from bailiwick.control.access_reviews.grants import GrantSource
from bailiwick.control.access_reviews.machines import ServiceSource
from bailiwick.control.access_reviews.model import (
    Campaign,
    Evidence,
    Flag,
    Held,
    Item,
    ItemFilter,
    ItemPage,
    Kind,
    OnDue,
    Outcome,
    Plan,
    State,
    Verdict,
    Waiting,
)
from bailiwick.control.access_reviews.roles import RoleSource
from bailiwick.control.access_reviews.service import AccessReviewService
from bailiwick.control.access_reviews.sources import Source

__all__ = [
    "AT_ONCE",
    "AccessReviewKeeper",
    "AccessReviewService",
    "Campaign",
    "Evidence",
    "Flag",
    "GrantSource",
    "Held",
    "Item",
    "ItemFilter",
    "ItemPage",
    "Kind",
    "NotOpenError",
    "OnDue",
    "Outcome",
    "Plan",
    "RoleSource",
    "ServiceSource",
    "Source",
    "State",
    "Verdict",
    "Waiting",
    "campaign_json",
    "csv_lines",
    "item_json",
]

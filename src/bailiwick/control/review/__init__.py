"""Review: what no author can switch off reads every change."""

from bailiwick.control.review.folder import read_folder
from bailiwick.control.review.model import BLOCKING, Change, Entry, Finding, PushedBlob, Report, Rule, Severity, Unread
from bailiwick.control.review.reviewer import review
from bailiwick.control.review.rules import RULES
from bailiwick.control.review.sarif import as_sarif
from bailiwick.control.review.service import ReviewService, StoredFinding, StoredReview
from bailiwick.control.review.words import finding_lines, refusal_lines

__all__ = [
    "BLOCKING",
    "RULES",
    "Change",
    "Entry",
    "Finding",
    "PushedBlob",
    "Report",
    "ReviewService",
    "Rule",
    "Severity",
    "StoredFinding",
    "StoredReview",
    "Unread",
    "as_sarif",
    "finding_lines",
    "read_folder",
    "refusal_lines",
    "review",
]

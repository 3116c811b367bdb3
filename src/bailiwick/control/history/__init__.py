"""History: each revision with who and what made it, what the review said, who approved it, and where it runs."""

from bailiwick.control.history.model import Blame, Revision, RevisionPage
from bailiwick.control.history.service import HistoryService

__all__ = ["Blame", "HistoryService", "Revision", "RevisionPage"]

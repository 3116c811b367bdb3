"""Evasion: what a tree holds that would weaken a review elsewhere, or that a reader would not take for code."""

from bailiwick.control.review.engines.evasion.engine import check
from bailiwick.control.review.engines.evasion.suppressions import raised

__all__ = ["check", "raised"]

"""Reviewers: models that read what another model wrote, and may object, but never waive."""

from bailiwick.control.reviewers.independence import Writers
from bailiwick.control.reviewers.model import Lens, LensReading, Mode, Reading, Reviewer, ReviewerOptions
from bailiwick.control.reviewers.service import ReviewerService

__all__ = ["Lens", "LensReading", "Mode", "Reading", "Reviewer", "ReviewerOptions", "ReviewerService", "Writers"]

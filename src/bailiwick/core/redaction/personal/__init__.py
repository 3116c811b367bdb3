"""Personal data in text: who somebody is, how they are reached, where they live, and their numbers."""

from bailiwick.core.redaction.personal.finding import PERSONAL_KINDS, personal

__all__ = ["PERSONAL_KINDS", "personal"]

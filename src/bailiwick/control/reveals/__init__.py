"""Seeing a secret: refused by default, agreed to by another person, once, and in the log before it is shown."""

from bailiwick.control.reveals.service import Reveal, RevealService

__all__ = ["Reveal", "RevealService"]

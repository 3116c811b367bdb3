"""Redaction: what must not be seen is found in text and replaced, everywhere in the same way."""

from bailiwick.core.redaction.engine import PROFILES, Profile, Redaction, Span

__all__ = ["PROFILES", "Profile", "Redaction", "Span"]

"""Redaction: what must not be seen is found in text and replaced, everywhere in the same way."""

from bailiwick.core.redaction.engine import PROFILES, Profile, Redaction, Span
from bailiwick.core.redaction.placeholders import Placeholders
from bailiwick.core.redaction.strings import Redacted, redact_strings

__all__ = ["PROFILES", "Placeholders", "Profile", "Redacted", "Redaction", "Span", "redact_strings"]

"""Redaction: what must not be seen is found in text and replaced, everywhere in the same way."""

from bailiwick.core.redaction.engine import PROFILES, Profile, Redaction, Span
from bailiwick.core.redaction.personal import PERSONAL_KINDS
from bailiwick.core.redaction.placeholders import Placeholders
from bailiwick.core.redaction.strings import Redacted, redact_strings

# What is found in texts, by kind.
CLASSES = ("secret", *PERSONAL_KINDS)

__all__ = ["CLASSES", "PROFILES", "Placeholders", "Profile", "Redacted", "Redaction", "Span", "redact_strings"]

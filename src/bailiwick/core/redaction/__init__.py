"""Redaction: what must not be seen is found in text and replaced, everywhere in the same way."""

from bailiwick.core.redaction.answers import AnswerSearch
from bailiwick.core.redaction.engine import PROFILES, Profile, Redaction, Span
from bailiwick.core.redaction.own import LogMasker, Own
from bailiwick.core.redaction.personal import PERSONAL_KINDS
from bailiwick.core.redaction.placeholders import Placeholders
from bailiwick.core.redaction.streams import TextStream
from bailiwick.core.redaction.strings import Redacted, Seen, redact_strings

# What is found in texts, by kind.
CLASSES = ("secret", *PERSONAL_KINDS)

__all__ = [
    "CLASSES",
    "PROFILES",
    "AnswerSearch",
    "LogMasker",
    "Own",
    "Placeholders",
    "Profile",
    "Redacted",
    "Redaction",
    "Seen",
    "Span",
    "TextStream",
    "redact_strings",
]

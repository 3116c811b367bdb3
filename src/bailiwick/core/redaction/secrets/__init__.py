"""Credentials in text: by the forms of their issuers, and by the names under which they stand."""

from bailiwick.core.redaction.secrets.assignments import assigned
from bailiwick.core.redaction.secrets.formats import formed
from bailiwick.core.redaction.secrets.hits import Hit

__all__ = ["Hit", "assigned", "formed"]

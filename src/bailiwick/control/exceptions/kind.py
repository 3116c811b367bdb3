"""What tells one kind of exception from another."""

from dataclasses import dataclass
from datetime import timedelta

from bailiwick.control.exceptions.rows import ExceptionRow

WARN_BEFORE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Kind:
    """Where a kind is kept, who ends what has run out, and how the audit log calls its end and the warning of it."""

    row: type[ExceptionRow]
    keeper: str
    ended: str
    ending: str

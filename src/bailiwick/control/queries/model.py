"""What is asked about a query, and what is answered."""

from dataclasses import dataclass, field
from enum import StrEnum

from bailiwick.control.audit import AuditPage, AuditQuery


class Kind(StrEnum):
    """What a question was taken for."""

    LINE = "line of a log"
    TRACE = "trace"
    FINGERPRINT = "fingerprint"
    STATEMENT = "statement"
    TABLE = "table"
    WORDS = "words"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: what it was taken for, the facts that were read out of it, and what the log is asked.

    `facts` are names and values as they were found; nothing of a statement's values is among them. `row` is a table and
    the key of one of its rows, where it is about that.
    """

    kind: Kind
    facts: tuple[tuple[str, str], ...]
    query: AuditQuery
    row: tuple[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """The statements that fit, newest first, and how the question was read."""

    asked: Asked
    page: AuditPage

"""Who ran this query: from a piece of its text, its fingerprint, a table, a trace, or a line of the database's log."""

from bailiwick.control.queries.model import Asked, Found, Kind
from bailiwick.control.queries.reading import read_question, read_row
from bailiwick.control.queries.service import QueryLookup

__all__ = ["Asked", "Found", "Kind", "QueryLookup", "read_question", "read_row"]

"""The words and facts of a question, as PostgreSQL looks for them in the words of events."""

from sqlalchemy import ColumnElement, cast
from sqlalchemy.dialects.postgresql import TSQUERY

from bailiwick.control.audit.query import AuditQuery
from bailiwick.control.audit.tables import EventRow
from bailiwick.core.event_words import fact_word, words_in


def has_words(query: AuditQuery) -> bool:
    """Whether a question asks for words or facts."""
    return bool(query.text or query.facts)


def words_query(query: AuditQuery) -> str:
    """Return the question's words as a `tsquery`: each word as a beginning, facts whole unless they end in `*`."""
    facts: dict[str, list[str]] = {}
    for name, value in query.facts:
        whole = _quoted(fact_word(name, value.removesuffix("*")))
        facts.setdefault(name, []).append(f"{whole}:*" if value.endswith("*") else whole)
    parts = [f"{_quoted(word)}:*" for word in words_in(query.text)]
    parts += [f"({' | '.join(values)})" for values in facts.values()]
    # A text without any word, such as `%`, is in no event.
    return " & ".join(parts) or _quoted("=")


def words_condition(query: AuditQuery) -> ColumnElement[bool]:
    """Return the condition that an event has the words and facts of the question."""
    return EventRow.words.op("@@", is_comparison=True)(cast(words_query(query), TSQUERY))


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"

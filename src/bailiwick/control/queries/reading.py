"""Takes what somebody pastes for what it is: a line of a log, a trace, a fingerprint, a statement, or words. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from pglast.parser import ParseError, fingerprint

from bailiwick.control.audit import AuditQuery
from bailiwick.control.queries.model import Asked, Kind
from bailiwick.core.errors import InvalidInputError

MOST_CHARACTERS = 100_000
_ACTIONS = ("query.executed", "query.refused")
ROWS = "query.rows"
_LONGEST_ROW = 500
# The comment that a data plane puts before each statement (dataplane/gateways/sql/comments.py).
_COMMENT = re.compile(r"/\*(actor='[^'*]*'(?:,[a-z]+='[^'*]*')*)\*/")
_PAIR = re.compile(r"([a-z]+)='([^']*)'")
_TRACE = re.compile(r"(?:00-)?([0-9a-f]{32})(?:-[0-9a-f]{16}-[0-9a-f]{2})?")
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
# `log_line_prefix` begins with %m or %t, where nobody changed it.
_MOMENT = re.compile(r"\s*(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? (?:UTC|GMT)\b")
# A line is written when a statement begins, the event when it has ended.
_BEFORE, _AFTER = timedelta(minutes=1), timedelta(hours=1)
_COLUMNS = ("actor", "app", "trace")


def read_question(text: str, *, table: str = "", since: datetime | None = None, until: datetime | None = None) -> Asked:
    """Return what a text asks; with a `table`, about statements on it only. Times bound when they ran.

    Raises `InvalidInputError` when there is nothing to look for, or a line says two different things.
    """
    said = text.strip()
    if len(said) > MOST_CHARACTERS:
        raise InvalidInputError(f"this is longer than {MOST_CHARACTERS:,} characters", hint="paste a single line")
    if not said and not table:
        raise InvalidInputError("nothing was asked", hint="paste a statement, a trace, or a line of the database's log")
    kind, facts = _taken_for(said) if said else (Kind.TABLE, {})
    if table:
        facts = {**facts, "table": _table(table)}
    moment = _moment(said) if kind is Kind.LINE else None
    if moment is not None:
        since, until = since or moment - _BEFORE, until or moment + _AFTER
    return Asked(kind, tuple(facts.items()), _query(said if kind is Kind.WORDS else "", facts, since, until))


def read_row(row: str, *, since: datetime | None = None, until: datetime | None = None) -> Asked:
    """Return what `orders:4711` asks: who read or changed that row, where its table's rows are logged."""
    table, colon, key = row.partition(":")
    if not colon or not key.strip() or "*" in table or len(row) > _LONGEST_ROW:
        raise InvalidInputError("a row is said as TABLE:KEY", hint="orders:4711, or orders:4711,EMEA for two columns")
    name = _table(table)
    facts = (("context.rows_of", name),)
    return Asked(
        Kind.ROW, (("table", name),), AuditQuery(action=(ROWS,), since=since, until=until, facts=facts), (name, key)
    )


def _query(words: str, facts: Mapping[str, str], since: datetime | None, until: datetime | None) -> AuditQuery:
    named = {"query": "context.fingerprint", "table": "context.tables", "release": "release"}
    return AuditQuery(
        action=_ACTIONS,
        **{name: facts[name] for name in _COLUMNS if name in facts},
        text=words,
        since=since,
        until=until,
        facts=tuple((named[name], value) for name, value in facts.items() if name in named),
    )


def _taken_for(said: str) -> tuple[Kind, dict[str, str]]:
    comments = set(_COMMENT.findall(said))
    if len(comments) > 1:
        # A text or a name in a statement may look like our comment: then it is not told which one is.
        raise InvalidInputError("this line names several people", hint="paste a single statement of the log")
    if comments:
        found = {name: unquote(value) for name, value in _PAIR.findall(comments.pop())}
        return Kind.LINE, {name: found[name] for name in ("actor", "app", "release", "trace", "query") if name in found}
    trace = _TRACE.fullmatch(said.lower())
    if trace is not None:
        return Kind.TRACE, {"trace": trace[1]}
    if _FINGERPRINT.fullmatch(said.lower()):
        return Kind.FINGERPRINT, {"query": said.lower()}
    same = _fingerprint_of(said)
    return (Kind.STATEMENT, {"query": same}) if same else (Kind.WORDS, {})


def _fingerprint_of(said: str) -> str:
    """Return the fingerprint of a whole statement, which is the same for other values; empty for anything else."""
    try:
        return str(fingerprint(said))
    except (ParseError, UnicodeError, ValueError, RecursionError):
        return ""


def _moment(line: str) -> datetime | None:
    found = _MOMENT.match(line)
    try:
        return datetime.fromisoformat(found[1]).replace(tzinfo=UTC) if found is not None else None
    except ValueError:
        return None


def _table(name: str) -> str:
    """Return a table as events have it: without its schema and quotes."""
    found = name.strip().rpartition(".")[2].strip('"')
    if not found or "*" in found[:-1] or "\0" in found:
        raise InvalidInputError(f"'{name[:60]}' is no name of a table")
    return found

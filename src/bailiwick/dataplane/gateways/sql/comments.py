"""The trace in a statement's comment: read from the app's, and put into the database's own log (sqlcommenter)."""

import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote

from pglast.parser import ParseError, scan

from bailiwick.core.principals import Call, Identity

_TRACEPARENT = re.compile(r"traceparent\s*=\s*'?(?:%27)?00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
# One comment at the end, as drivers write it, and nothing before it in which that could be something else: a quote.
_SIMPLE = re.compile(r"((?:[^'\"$/-]|/(?!\*)|-(?!-))*)/\*((?:[^*/]|\*(?!/)|/(?!\*))*)\*/\s*")
_COMMENT_KINDS = frozenset({"C_COMMENT", "SQL_COMMENT"})


def split_comments(sql: str) -> tuple[str, str]:
    """Return the statement without its comments, and the trace id (32 hex digits) that they carry, or an empty one.

    Comments are found with PostgreSQL's own scanner, so that text in a string is never taken for one.
    """
    if "/*" not in sql and "--" not in sql:
        return sql, ""
    simple = _SIMPLE.fullmatch(sql)
    if simple is not None:
        return simple[1].strip(), _one_of(_TRACEPARENT.findall(simple[2]))
    try:
        tokens = [token for token in scan(sql) if token.name in _COMMENT_KINDS]
    except (ParseError, ValueError):
        return sql, ""
    plain, place, traces = [], 0, []
    for token in tokens:
        plain += [sql[place : token.start], " "]
        traces += _TRACEPARENT.findall(sql[token.start : token.end + 1])
        place = token.end + 1
    return "".join([*plain, sql[place:]]).strip(), _one_of(traces)


def _one_of(traces: Sequence[str]) -> str:
    """Return the trace that is named; two different ones in one statement name nobody."""
    return traces[0] if traces and len(set(traces)) == 1 else ""


def signature(identity: Identity, call: Call | None, app: str, release: str, fingerprint: str) -> str:
    """Return the comment that says in the database's own log who is behind a statement, and which statement it is."""
    who = _who(str(identity.principal), app, release)
    trace = f",trace='{call.trace}'" if call is not None else ""
    return f"/*{who}{trace},query='{fingerprint}'*/ "


@lru_cache(maxsize=4096)
def _who(actor: str, app: str, release: str) -> str:
    fields = {"actor": actor, "app": app, "release": release}
    return ",".join(f"{key}='{quote(value, safe=':/@.+-')}'" for key, value in fields.items() if value)

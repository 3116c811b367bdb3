"""The trace in a statement's comment: read from the app's, and put into the database's own log (sqlcommenter)."""

import re
from functools import lru_cache
from urllib.parse import quote

from pglast.parser import ParseError, scan

from bailiwick.core.principals import Call, Identity
from bailiwick.dataplane.gateways.binding import Binding

_TRACEPARENT = re.compile(r"traceparent\s*=\s*'?(?:%27)?00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_COMMENT_KINDS = frozenset({"C_COMMENT", "SQL_COMMENT"})


def split_comments(sql: str) -> tuple[str, str]:
    """Return the statement without its comments, and the trace id (32 hex digits) that they carry, or an empty one.

    Comments are found with PostgreSQL's own scanner, so that text in a string is never taken for one.
    """
    if "/*" not in sql and "--" not in sql:
        return sql, ""
    try:
        tokens = [token for token in scan(sql) if token.name in _COMMENT_KINDS]
    except (ParseError, ValueError):
        return sql, ""
    plain, place, traces = [], 0, []
    for token in tokens:
        plain += [sql[place : token.start], " "]
        traces += _TRACEPARENT.findall(sql[token.start : token.end + 1])
        place = token.end + 1
    # Two different traces in one statement name nobody.
    unique = set(traces)
    return "".join([*plain, sql[place:]]).strip(), unique.pop() if len(unique) == 1 else ""


def signature(identity: Identity, call: Call | None, binding: Binding, fingerprint: str) -> str:
    """Return the comment that says in the database's own log who is behind a statement, and which statement it is."""
    fields = {
        "actor": str(identity.principal),
        "app": binding.app,
        "release": binding.release,
        "trace": call.trace if call is not None else "",
        "query": fingerprint,
    }
    inner = ",".join(f"{key}='{_quoted(value)}'" for key, value in fields.items() if value)
    return f"/*{inner}*/ "


@lru_cache(maxsize=4096)
def _quoted(value: str) -> str:
    return quote(value, safe=":/@.+-")

"""What an app hears of a database's own errors and notices: what went wrong, never what is in rows that it may not see.

DETAIL and CONTEXT of an error show whole rows, values of keys and the text of functions (PostgreSQL documentation, 54.8
"Error and Notice Message Fields"); its message is PostgreSQL's own sentence, unless a trigger or function raised it,
which may put anything into it. Those have a CONTEXT, so their message is left out.
"""

from collections.abc import Mapping

from bailiwick.dataplane.gateways.sql.rows import END_MARK, ended_words
from bailiwick.dataplane.gateways.sql.writes import ROW_CHECK_MARK

# Severity in two ways, SQLSTATE, and the name of a constraint, by which drivers tell which one.
_KEPT = ("S", "V", "C", "n")
# Some messages name tables and columns that are not granted.
_OWN_WORDS = {
    "23502": "a column that must have a value would have none",
    "23503": "a row that is referred to is not there, or a row is still referred to",
    "23514": "a row would not meet a check",
}
_HARMLESS_CONTEXT = ("JSON data", "unnamed portal", "portal ")


def told(fields: Mapping[str, str], *, own: bool) -> dict[str, str]:
    """Return the fields of an error or notice that are passed on.

    `own` is True for the app's own database, in which every row is the app's.
    """
    message = fields.get("M", "")
    if f"{ROW_CHECK_MARK}:" in message:
        column = message.partition(f"{ROW_CHECK_MARK}:")[2].partition(":")[0]
        words = f"a new row's {column} is not one that this person may write"
        return {"S": "ERROR", "V": "ERROR", "C": "42501", "M": words}
    if f"{END_MARK}:" in message:
        table, day = message.partition(f"{END_MARK}:")[2].split(":")[:2]
        return {"S": "ERROR", "V": "ERROR", "C": "42501", "M": ended_words(table, day)}
    if own:
        return dict(fields)
    kept = {key: fields[key] for key in _KEPT if key in fields}
    return {**kept, "M": _message(message, fields)} if message else kept


def _message(message: str, fields: Mapping[str, str]) -> str:
    code = fields.get("C", "")
    if "W" in fields and not fields["W"].startswith(_HARMLESS_CONTEXT):
        return f"a function of the database says something that is not passed on ({code})"
    return _OWN_WORDS.get(code, message)

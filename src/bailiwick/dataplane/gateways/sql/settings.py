"""Settings that an app may make for its session: those that change neither how text is read nor what masks show.

A statement is read here in UTF-8 with standard strings, so it must be read so by the database: after
`SET client_encoding = 'GBK'` a backslash becomes half of a letter there, and the quote behind it begins to count, as it
would after `SET standard_conforming_strings = off`. A mask shows a part of a value's text, and which text that is
depends on the style of dates and bytes.
"""

import re

from pglast import ast, parse_sql

from bailiwick.core.grants import DataGrant, RowCondition, conditions_of
from bailiwick.dataplane.gateways.sql import grammar
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.pieces import Tree

LONGEST_STATEMENT_SECONDS = 30
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "": 1e-3}
_WITHOUT_ZONE = re.compile(r"\s*\d{4}-\d{2}-\d{2}([T ][\d:.]*)?\s*")
_ONLY = {
    "client_encoding": re.compile(r"utf-?8|unicode"),
    "standard_conforming_strings": re.compile(r"on|true|yes|1"),
    "datestyle": re.compile(r"iso(, ?(ymd|dmy|mdy))?"),
    "bytea_output": re.compile(r"hex"),
    "client_min_messages": re.compile(r"log|notice|warning|error"),
    "timezone": re.compile(r"[a-z0-9_+/-]{1,60}"),
}


def check_setting(statement: Tree, grant: DataGrant) -> None:
    """Refuse a SET or RESET of what is not an app's business; `grant` may make more of it so."""
    name = (statement.name or "").lower()
    if name in {"transaction", "session characteristics"}:
        return
    if name not in grammar.SETTINGS:
        raise StatementRefusedError(
            f"the setting {name[:60] or 'of everything at once'} is not passed on",
            hint=f"these are: {', '.join(sorted(grammar.SETTINGS))}",
        )
    if statement.args:
        _check_value(name, ", ".join(map(_text, statement.args)).lower())
    if name == "timezone" and any(_goes_by_zone(rule) for table in grant.tables for rule in conditions_of(table.rows)):
        raise StatementRefusedError(
            "the setting timezone is not passed on: which rows are given here goes by it",
            hint="whoever gives the grant may write the zone beside the time, as in 2026-01-31T00:00:00Z",
        )


def timeout_of(statement: Tree) -> float:
    """Return the seconds that a SET gives statements, 0 where it is about something else."""
    if (statement.name or "").lower() != "statement_timeout" or not statement.args:
        return 0.0
    return _seconds(", ".join(map(_text, statement.args)).lower())


def with_timeout(sql: str, seconds: float) -> str:
    """Return a SET of the time that statements may take, with another time."""
    statement: Tree = parse_sql(sql)[0].stmt
    return f"SET {'LOCAL ' if statement.is_local else ''}statement_timeout = {max(1, round(seconds * 1000))}"


def _goes_by_zone(condition: RowCondition) -> bool:
    if condition.within_days is not None:
        return True
    several = (*(condition.one_of or ()), *(condition.none_of or ()))
    single = (condition.equals, condition.above, condition.at_least, condition.below, condition.at_most)
    return any(value is not None and _WITHOUT_ZONE.fullmatch(value) for value in (*several, *single))


def _check_value(name: str, value: str) -> None:
    if name in _ONLY and not _ONLY[name].fullmatch(value):
        raise StatementRefusedError(
            f"the setting {name} cannot be {value[:40]} here", hint="leave it as it is when you connect"
        )
    if name == "statement_timeout" and not 0 < _seconds(value) <= LONGEST_STATEMENT_SECONDS:
        raise StatementRefusedError(
            f"a statement may take {LONGEST_STATEMENT_SECONDS} seconds at most", hint="set a shorter time, or none"
        )


def _text(argument: Tree) -> str:
    value = argument.val if isinstance(argument, ast.A_Const) else argument
    if isinstance(value, ast.Integer):
        return str(value.ival or 0)
    if isinstance(value, ast.Float):
        return str(value.fval)
    return str(value.sval) if isinstance(value, ast.String) else "(something computed)"


def _seconds(value: str) -> float:
    """Return a time as PostgreSQL reads it, milliseconds without a unit; 0 where it is none."""
    found = re.fullmatch(r"\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(us|ms|s|min|h|d|)\s*", value)
    return float(found[1]) * _UNITS[found[2]] if found else 0.0

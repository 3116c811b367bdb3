"""Pieces of SQL that a rewriting puts in: quoted names and values, masked columns, and what is found in a tree."""

from typing import Any

from pglast import ast, parse_sql
from pglast.parser import ParseError
from pglast.stream import RawStream

from bailiwick.core.grants import Mask
from bailiwick.core.masks import HIDDEN, SHOWN_AT_END
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.keyed import MaskedBy, keyed

# The parser fills every field; its type hints do not know which ones, so the tree is untyped here.
Tree = Any


def all_of(parts: Any, kind: type) -> list[Any]:
    """Return every node of a kind below some parts of a tree."""
    found: list[Any] = []
    waiting: list[Tree] = [parts]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list | tuple):
            waiting += node
        elif isinstance(node, ast.Node):
            if isinstance(node, kind):
                found.append(node)
            waiting += [getattr(node, slot, None) for slot in node.__slots__]  # type: ignore[attr-defined]
    return found


def column_text(column: str, mask: Mask | None, seen: str = "", by: MaskedBy = MaskedBy.DATABASE) -> str:
    """Return a granted column as it is selected, under a mask or whole; `by` says who makes masks with the key.

    `seen` is a condition that all rows meet which are selected, where only some are. It stands around a column that is
    shown whole, so that it is no plain column any more: of one the planner would look up statistics, and try the app's
    own conditions on values of rows that are not selected (`examine_simple_variable` in PostgreSQL's selfuncs.c); one
    that fails, as `LIKE 'h%\\'` does where it gets to its end, would tell about those.
    """
    name = quoted(column)
    if mask is None:
        return f"CASE WHEN {seen} THEN {name} ELSE {name} END AS {name}" if seen else name
    return f"{keyed(name, mask, by) if mask.is_keyed else _masked(name, mask)} AS {name}"


def _masked(name: str, mask: Mask) -> str:
    """Return what is shown of a column. Nothing here may fail, or depend on a setting of an app's: both would tell."""
    text = f"CAST({name} AS text)"
    if mask in SHOWN_AT_END:
        shown = SHOWN_AT_END[mask]
        part = f"CASE WHEN length({text}) > {shown} THEN '{HIDDEN} ' || right({text}, {shown}) ELSE '{HIDDEN}' END"
        return f"CASE WHEN {name} IS NOT NULL THEN {part} END"
    match mask:
        case Mask.NULL:
            return f"CASE WHEN FALSE THEN {name} END"
        case Mask.FIRST1:
            part = f"CASE WHEN length({text}) > 1 THEN left({text}, 1) || '{HIDDEN}' ELSE '{HIDDEN}' END"
            return f"CASE WHEN {name} IS NOT NULL THEN {part} END"
        case Mask.EMAIL:
            return f"CASE WHEN {name} IS NULL THEN NULL ELSE '•••@' || split_part({text}, '@', 2) END"
        case Mask.YEAR | Mask.MONTH:
            # By its seconds: a cast would go by the time zone of the session, which an app may move minute by minute.
            seconds = f"LEAST(GREATEST(CAST(EXTRACT(epoch FROM {name}) AS float8), -1e11), 1e12)"
            return f"CAST(date_trunc('{mask.value}', timezone('UTC', to_timestamp({seconds}))) AS date)"
        case _:
            return f"CASE WHEN {name} IS NOT NULL THEN '{HIDDEN}' END"


def quoted(name: str) -> str:
    """Return a name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """Return a string as SQL; `E''` only where a backslash needs it, so that it reads the same under every setting."""
    escaped = value.replace("'", "''")
    return "E'" + escaped.replace("\\", "\\\\") + "'" if "\\" in value else f"'{escaped}'"


def statement_text(statement: Tree) -> str:
    """Return a statement as SQL that reads back as the very same one.

    What is printed is what the database reads, so it is read again here first: a printer that leaves out a bracket or a
    quote would let pass what was never checked.
    """
    printed: str = RawStream()(statement)
    try:
        again = parse_sql(printed)
    except (ParseError, ValueError):
        again = ()
    if len(again) != 1 or again[0].stmt != statement:
        raise StatementRefusedError(
            "the statement does not mean the same once it is written anew",
            hint="say it in a simpler way",
            sqlstate="42601",
        )
    return printed


def text_of(node: Tree) -> str:
    """Return an expression as SQL that reads back as the very same one."""
    statement: Tree = parse_sql("SELECT 1")[0].stmt
    statement.targetList[0].val = node
    return statement_text(statement).removeprefix("SELECT ")


def expression(text: str) -> Tree:
    """Return the tree of an expression."""
    statement: Tree = parse_sql(f"SELECT {text}")[0].stmt
    return statement.targetList[0].val

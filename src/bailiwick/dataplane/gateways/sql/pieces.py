"""Pieces of SQL that a rewriting puts in: quoted names and values, masked columns, and what is found in a tree."""

from typing import Any

from pglast import ast, parse_sql

from bailiwick.core.grants import ColumnGrant, Mask

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


def column_text(column: ColumnGrant) -> str:
    """Return a granted column as it is selected, masked where the grant says so."""
    name = quoted(column.name)
    text = f"CAST({name} AS text)"
    if column.mask is Mask.LAST4:
        shown = f"CASE WHEN length({text}) > 4 THEN '•••• ' || right({text}, 4) ELSE '••••' END"
        return f"CASE WHEN {name} IS NOT NULL THEN {shown} END AS {name}"
    if column.mask is Mask.EMAIL:
        return f"CASE WHEN {name} IS NULL THEN NULL ELSE '•••@' || split_part({text}, '@', 2) END AS {name}"
    if column.mask is Mask.NULL:
        return f"CASE WHEN FALSE THEN {name} END AS {name}"
    return name


def quoted(name: str) -> str:
    """Return a name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """Return a string as SQL; `E''` only where a backslash needs it, so that it reads the same under every setting."""
    escaped = value.replace("'", "''")
    return "E'" + escaped.replace("\\", "\\\\") + "'" if "\\" in value else f"'{escaped}'"


def expression(text: str) -> Tree:
    """Return the tree of an expression."""
    statement: Tree = parse_sql(f"SELECT {text}")[0].stmt
    return statement.targetList[0].val

"""Whether the text of a query that a function runs is put together from values that nothing quotes."""

import re
from typing import Any

import pglast
from pglast import parser

_QUOTING = frozenset({"quote_ident", "quote_literal", "quote_nullable"})
_PASSING = frozenset("concat concat_ws replace coalesce lower upper trim btrim".split())
_HARMLESS_TYPES = frozenset({"int2", "int4", "int8", "regclass", "uuid", "bool", "date"})


def is_built(expression: str) -> bool:
    """Say whether the text of a query is put together from values that are not quoted as what they are."""
    try:
        parsed: Any = pglast.parse_sql(f"SELECT {expression}")
    except (parser.ParseError, RecursionError, ValueError):
        return True
    return any(_loose(item.val) for item in parsed[0].stmt.targetList or ())


def _loose(node: Any) -> bool:
    """Say whether an expression has a part that is neither written here nor quoted."""
    kind = type(node).__name__
    if kind == "A_Const":
        return False
    if kind == "TypeCast":
        return str(node.typeName.names[-1].sval) not in _HARMLESS_TYPES and _loose(node.arg)
    if kind == "A_Expr":
        return any(_loose(side) for side in (node.lexpr, node.rexpr) if side is not None)
    if kind == "CoalesceExpr":
        return any(_loose(item) for item in node.args)
    if kind == "CaseExpr":
        return any(_loose(item.result) for item in node.args) or (node.defresult is not None and _loose(node.defresult))
    return _loose_call(node) if kind == "FuncCall" else True


def _loose_call(node: Any) -> bool:
    name = node.funcname[-1].sval.lower()
    values = node.args or ()
    if name == "format" and values:
        return _loose(values[0]) or _loose_format(values)
    # What another function says may be anything.
    return name not in _QUOTING and (name not in _PASSING or any(_loose(value) for value in values))


def _loose_format(values: tuple[Any, ...]) -> bool:
    """Say whether `format` puts a value in by `%s` that is not quoted: `%I` and `%L` quote."""
    first = values[0]
    pattern = first.val.sval if type(first).__name__ == "A_Const" and type(first.val).__name__ == "String" else ""
    marks = re.findall(r"%(?:(\d+)\$)?-?\d*([sIL])", pattern.replace("%%", ""))
    for place, (number, kind) in enumerate(marks, start=1):
        at = int(number) if number else place
        if kind == "s" and at < len(values) and _loose(values[at]):
            return True
    return False

"""Of which kind a node of PostgreSQL's tree is, and what it calls a column of an answer that was given no name."""

from collections.abc import Callable
from typing import Any

from pglast import ast

_NOTHING = "?column?"


def is_a(node: Any, kind: type) -> bool:
    """Return whether a node is of a kind. The parser fills every field, which its type hints do not know."""
    return isinstance(node, kind)


def name_of(node: Any) -> str:
    """Return the name (parser/parse_target.c, FigureColname)."""
    made = _NAMES.get(type(node))
    return made(node) if made is not None else _NOTHING


def _of_cast(node: Any) -> str:
    inner = name_of(node.arg)
    return inner if inner != _NOTHING else str(node.typeName.names[-1].sval)


def _of_case(node: Any) -> str:
    inner = name_of(node.defresult)
    return inner if inner != _NOTHING else "case"


def _of_subquery(node: Any) -> str:
    if node.subLinkType.name == "EXISTS_SUBLINK":
        return "exists"
    if node.subLinkType.name != "EXPR_SUBLINK" or not node.subselect.targetList:
        return _NOTHING
    target = node.subselect.targetList[0]
    return str(target.name or name_of(target.val))


_NAMES: dict[type, Callable[[Any], str]] = {
    ast.ColumnRef: lambda node: str(node.fields[-1].sval),
    ast.FuncCall: lambda node: str(node.funcname[-1].sval),
    ast.TypeCast: _of_cast,
    ast.CaseExpr: _of_case,
    ast.CoalesceExpr: lambda _: "coalesce",
    ast.A_Expr: lambda node: "nullif" if node.kind.name == "AEXPR_NULLIF" else _NOTHING,
    ast.SubLink: _of_subquery,
    ast.SQLValueFunction: lambda node: str(node.op.name).removeprefix("SVFOP_").lower(),
}

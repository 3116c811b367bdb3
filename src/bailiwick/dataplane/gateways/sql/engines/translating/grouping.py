"""What may stand in a grouped query: PostgreSQL refuses a column that is neither grouped nor aggregated, and databases
that do not would answer with that of any row.
"""

from collections.abc import Collection
from typing import Any

from pglast import ast
from sqlglot import exp

from bailiwick.dataplane.gateways.sql.engines.translating.dialects import Node
from bailiwick.dataplane.gateways.sql.engines.translating.names import is_a
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError

_ONE_ROW = frozenset({"count", "sum", "avg", "min", "max"})


def require_grouped(checked: list[Node], groups: list[Node], sources: Collection[str], *, grouped: bool) -> None:
    """Return when every column of these sources is grouped or aggregated, if anything in the query is."""
    if not grouped and not any(_holds_aggregate(item) for item in checked):
        return
    texts = {group.sql() for group in groups}
    for item in checked:
        _require(item, texts, sources)


def _require(node: Node, groups: set[str], sources: Collection[str]) -> None:
    if _is_aggregate(node) or node.sql() in groups:
        return
    if isinstance(node, exp.Column) and node.table in sources:
        raise StatementRefusedError(
            "a column is neither grouped nor aggregated", hint="name it in GROUP BY", sqlstate="42803"
        )
    for child in node.iter_expressions():
        _require(child, groups, sources)


def _holds_aggregate(node: Node) -> bool:
    """Return whether an expression aggregates; a subquery in it is grouped by itself."""
    if isinstance(node, exp.Select):
        return False
    return _is_aggregate(node) or any(_holds_aggregate(child) for child in node.iter_expressions())


def _is_aggregate(node: Node) -> bool:
    return bool(isinstance(node, exp.Anonymous) and node.meta.get("aggregate"))


def has_one_row(statement: Any) -> bool:
    """Return whether a query has one row at most, whatever the tables hold."""
    limit = statement.limitCount
    if isinstance(limit, ast.A_Const) and isinstance(limit.val, ast.Integer) and (limit.val.ival or 0) <= 1:
        return True
    if statement.groupClause or statement.op.name != "SETOP_NONE":
        return False
    if not statement.fromClause:
        return True
    return any(_aggregates(target.val) for target in statement.targetList or ())


def _aggregates(node: Any) -> bool:
    """Return whether an expression has an aggregate that is not of a subquery or a window."""
    if is_a(node, ast.FuncCall):
        aggregate = node.funcname[-1].sval in _ONE_ROW and node.over is None
        return aggregate or any(_aggregates(item) for item in node.args or ())
    if isinstance(node, ast.A_Expr):
        return any(_aggregates(side) for side in (node.lexpr, node.rexpr))
    if isinstance(node, ast.TypeCast):
        return _aggregates(node.arg)
    return is_a(node, ast.CoalesceExpr) and any(_aggregates(item) for item in node.args)

"""Rows of the last days: a comparison with a day that goes with the time, known by the form that the gateway gives it.

MySQL has a clock of its own, which counts as PostgreSQL's does; a file has that of its plane, and so have warehouses
here. What SQLite holds in the place of a date is looked at, too: a column may hold anything there, and what is no day
is not of the last ones.
"""

from typing import TYPE_CHECKING, Any

from pglast import ast
from sqlglot import exp

from bailiwick.dataplane.gateways.sql.engines.model import Bind
from bailiwick.dataplane.gateways.sql.engines.translating.dialects import Node, function, operand
from bailiwick.dataplane.gateways.sql.engines.translating.names import is_a
from bailiwick.dataplane.gateways.sql.engines.translating.scope import Scope
from bailiwick.dataplane.gateways.sql.engines.translating.values import Typed
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.pieces import expression
from bailiwick.dataplane.gateways.sql.rows import days_ago

if TYPE_CHECKING:
    from bailiwick.dataplane.gateways.sql.engines.translating.expressions import Expressions

_MOMENTS = ("date", "timestamp", "timestamptz")
_WRITTEN = "____-__-__%"


def of_last_days(maker: "Expressions", node: Any, scope: Scope) -> Typed | None:
    """Return the comparison of a day with one that is some days ago, None for any other operator."""
    days = _days(node)
    if days is None:
        return None
    tested = maker.typed(node.lexpr, scope)
    if tested.kind not in _MOMENTS:
        raise StatementRefusedError(
            f"the grant shows rows of the last days by a column of the type {tested.kind}, which holds no dates",
            hint="its owner must name another column, or make it one of dates", sqlstate="42804",
        )  # fmt: skip
    value, since = operand(tested.sql), _since(maker, tested.kind, days)
    test: Node = exp.GTE(this=value, expression=since)
    if maker.dialect.name == "sqlite":
        written = exp.Like(this=value.copy(), expression=maker.values.fixed(_WRITTEN))
        counted = exp.GTE(this=function("JULIANDAY", value.copy()), expression=function("JULIANDAY", since.copy()))
        test = exp.Paren(this=exp.And(this=exp.And(this=test, expression=written), expression=counted))
    return Typed("bool", test)


def _days(node: Any) -> int | None:
    """Return the days of a comparison that the gateway wrote for a grant."""
    ago = node.rexpr
    if [part.sval for part in node.name or ()] != [">="] or not is_a(ago, ast.A_Expr):
        return None
    count = ago.rexpr.val if isinstance(ago.rexpr, ast.A_Const) else None
    if not isinstance(count, ast.Integer):
        return None
    days = int(count.ival or 0)
    return days if ago == expression(days_ago(days)) else None


def _since(maker: "Expressions", kind: str, days: int) -> Node:
    if maker.dialect.name == "mysql":
        length = exp.Interval(this=exp.Literal.string(str(days)), unit=exp.Var(this="DAY"))
        return exp.Paren(this=exp.Sub(this=function("UTC_DATE"), expression=length))
    # A date stands before every time of its day in SQLite, which compares texts.
    kind = "date" if maker.dialect.name == "sqlite" else kind
    return maker.dialect.bound(maker.values.place(Bind(kind, moment=True, days=days)), kind)

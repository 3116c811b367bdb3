"""Operators: of one type on both sides, and none that the other database would compute in another way."""

from typing import TYPE_CHECKING, Any

from pglast import ast
from sqlglot import exp

from bailiwick.dataplane.database_files.kinds import NUMBERS
from bailiwick.dataplane.gateways.sql.engines.model import Bind, NotTranslatedError
from bailiwick.dataplane.gateways.sql.engines.translating.days import of_last_days
from bailiwick.dataplane.gateways.sql.engines.translating.dialects import Node, function, operand
from bailiwick.dataplane.gateways.sql.engines.translating.names import is_a
from bailiwick.dataplane.gateways.sql.engines.translating.scope import Scope
from bailiwick.dataplane.gateways.sql.engines.translating.values import UNKNOWN, Typed, require, widest

if TYPE_CHECKING:
    from bailiwick.dataplane.gateways.sql.engines.translating.expressions import Expressions

_COMPARISONS: dict[str, type[exp.Expression]] = {
    "=": exp.EQ, "<>": exp.NEQ, "!=": exp.NEQ, "<": exp.LT, ">": exp.GT, "<=": exp.LTE, ">=": exp.GTE
}  # fmt: skip
_ARITHMETIC: dict[str, type[exp.Expression]] = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul}
_INTEGERS = ("int4", "int8")


def translate(maker: "Expressions", node: Any, scope: Scope) -> Typed:
    """Return what an operator comes to."""
    kind, word = node.kind.name.removeprefix("AEXPR_"), node.name[-1].sval
    match kind:
        case "OP":
            return _binary(maker, node, word, scope)
        case "DISTINCT" | "NOT_DISTINCT":
            (left, right), _ = maker.values.common([maker.any(node.lexpr, scope), maker.any(node.rexpr, scope)])
            same = exp.NullSafeEQ(this=operand(left.sql), expression=operand(right.sql))
            return Typed("bool", exp.Not(this=exp.Paren(this=same)) if kind == "DISTINCT" else same)
        case "NULLIF":
            (left, right), common = maker.values.common([maker.any(node.lexpr, scope), maker.any(node.rexpr, scope)])
            return Typed(left.kind if left.kind != UNKNOWN else common, function("NULLIF", left.sql, right.sql))
        case "IN":
            values, _ = maker.values.common([maker.any(part, scope) for part in (node.lexpr, *node.rexpr)])
            test: Node = exp.In(this=operand(values[0].sql), expressions=[value.sql for value in values[1:]])
            return Typed("bool", exp.Not(this=exp.Paren(this=test)) if word == "<>" else test)
        case "LIKE":
            return _like(maker, node, scope, negated=word.startswith("!"))
        case "BETWEEN" | "NOT_BETWEEN":
            values, _ = maker.values.common([maker.any(part, scope) for part in (node.lexpr, *node.rexpr)])
            tested, low, high = (operand(value.sql) for value in values)
            test = exp.And(
                this=exp.GTE(this=tested, expression=low), expression=exp.LTE(this=tested.copy(), expression=high)
            )
            return Typed("bool", exp.Not(this=exp.Paren(this=test)) if kind == "NOT_BETWEEN" else test)
    raise NotTranslatedError(f"the operator {word} is not translated to {maker.dialect.name}")


def _binary(maker: "Expressions", node: Any, word: str, scope: Scope) -> Typed:
    recent = of_last_days(maker, node, scope)
    if recent is not None:
        return recent
    right = maker.any(node.rexpr, scope)
    if node.lexpr is None:
        if word not in {"-", "+"}:
            raise NotTranslatedError(f"the operator {word} is not translated to {maker.dialect.name}")
        number = require(maker.values.settle(right, "int4"), *NUMBERS)
        return Typed(number.kind, exp.Neg(this=operand(number.sql))) if word == "-" else number
    left = maker.any(node.lexpr, scope)
    if word in _COMPARISONS:
        (left, right), _ = maker.values.common([left, right])
        return Typed("bool", _COMPARISONS[word](this=operand(left.sql), expression=operand(right.sql)))
    if word == "||":
        return _concatenated(maker, left, right)
    if word in {"+", "-", "*", "/", "%"}:
        return _computed(maker, node, word, left, right)
    raise NotTranslatedError(f"the operator {word} is not translated to {maker.dialect.name}")


def _concatenated(maker: "Expressions", left: Typed, right: Typed) -> Typed:
    parts = [maker.convert(maker.values.settle(part, "text"), "text").sql for part in (left, right)]
    if maker.dialect.name == "mysql":
        return Typed("text", function("CONCAT", *parts))
    return Typed("text", exp.DPipe(this=operand(parts[0]), expression=operand(parts[1])))


def _computed(maker: "Expressions", node: Any, word: str, left: Typed, right: Typed) -> Typed:
    if word == "-" and {left.kind, right.kind} == {"date"}:
        return Typed("int4", _days_between(maker, left.sql, right.sql))
    (left, right), _ = maker.values.common([left, right]) if UNKNOWN in {left.kind, right.kind} else ((left, right), "")
    kind = widest({require(left, *NUMBERS).kind, require(right, *NUMBERS).kind})
    if word in _ARITHMETIC:
        return Typed(kind, _ARITHMETIC[word](this=operand(left.sql), expression=operand(right.sql)))
    whole = kind in _INTEGERS
    # PostgreSQL fails where DuckDB does, for whole numbers; elsewhere dividing by zero is NULL or infinite.
    if not (whole and maker.dialect.name == "duckdb") and not _is_never_zero(node.rexpr):
        raise NotTranslatedError(
            f"dividing by zero is no error in {maker.dialect.name}", hint="divide by NULLIF(x, 0), or by a number"
        )
    if word == "%":
        require(left, *_INTEGERS), require(right, *_INTEGERS)
        return Typed(kind, exp.Mod(this=operand(left.sql), expression=operand(right.sql)))
    if whole:
        return Typed(kind, _whole(maker, left.sql, right.sql))
    # Decimals are divided to other numbers of digits everywhere: as floats they come to the same.
    return Typed("float8", exp.Div(this=_float(maker, left), expression=_float(maker, right), typed=True, safe=False))


def _float(maker: "Expressions", value: Typed) -> Node:
    return maker.dialect.cast(value.sql, "float8")


def _whole(maker: "Expressions", left: Node, right: Node) -> Node:
    if maker.dialect.name == "sqlite":
        return exp.Div(this=operand(left), expression=operand(right), typed=True, safe=False)
    if maker.dialect.name == "snowflake":
        # Quotients have six digits behind the point there, and are rounded.
        rest = exp.Mod(this=operand(left.copy()), expression=operand(right.copy()))
        even = exp.Paren(this=exp.Sub(this=operand(left), expression=exp.Paren(this=rest)))
        return maker.dialect.cast(exp.Div(this=even, expression=operand(right), typed=True, safe=False), "int8")
    return exp.IntDiv(this=operand(left), expression=operand(right))


def _days_between(maker: "Expressions", left: Node, right: Node) -> Node:
    match maker.dialect.name:
        case "duckdb":
            return exp.Paren(this=exp.Sub(this=operand(left), expression=operand(right)))
        case "mysql":
            return function("DATEDIFF", left, right)
        case "bigquery" | "snowflake":
            return exp.DateDiff(this=left, expression=right, unit=exp.Var(this="DAY"))
        case _:
            days = exp.Sub(this=function("JULIANDAY", left), expression=function("JULIANDAY", right))
            return maker.dialect.cast(function("ROUND", days), "int4")


def _is_never_zero(node: Any) -> bool:
    if isinstance(node, ast.A_Const):
        value = node.val
        return (isinstance(value, ast.Integer) and bool(value.ival)) or (
            isinstance(value, ast.Float) and float(value.fval or 0) != 0
        )
    return bool(
        is_a(node, ast.A_Expr)
        and node.kind.name == "AEXPR_NULLIF"
        and isinstance(node.rexpr, ast.A_Const)
        and isinstance(node.rexpr.val, ast.Integer)
        and not node.rexpr.val.ival
    )


def _like(maker: "Expressions", node: Any, scope: Scope, *, negated: bool) -> Typed:
    value, pattern = (require(maker.typed(part, scope), "text") for part in (node.lexpr, node.rexpr))
    text = pattern.bind.text if pattern.bind is not None else None
    if text is not None and (len(text) - len(text.rstrip("\\"))) % 2:
        raise NotTranslatedError("a LIKE pattern must not end with its escape character", sqlstate="22025")
    test: Node = exp.Like(this=operand(value.sql), expression=operand(pattern.sql))
    if maker.dialect.name == "snowflake":
        test = exp.Escape(this=test, expression=exp.Literal.string("\\"))
    elif maker.dialect.name not in {"mysql", "bigquery"}:  # whose escape character is the same, and needs no telling
        test = exp.Escape(this=test, expression=maker.values.place(Bind("text", "\\")))
    return Typed("bool", exp.Not(this=exp.Paren(this=test)) if negated else test)

"""Expressions: each node of PostgreSQL's tree becomes one that means the same in the other dialect, or is refused."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pglast import ast, enums
from sqlglot import exp

from bailiwick.dataplane.database_files.kinds import NUMBERS
from bailiwick.dataplane.gateways.sql.engines.model import Bind, NotTranslatedError
from bailiwick.dataplane.gateways.sql.engines.translating import operators
from bailiwick.dataplane.gateways.sql.engines.translating.dialects import Node, operand
from bailiwick.dataplane.gateways.sql.engines.translating.ends import grant_end
from bailiwick.dataplane.gateways.sql.engines.translating.functions import Functions
from bailiwick.dataplane.gateways.sql.engines.translating.intervals import moved_date
from bailiwick.dataplane.gateways.sql.engines.translating.scope import Scope
from bailiwick.dataplane.gateways.sql.engines.translating.values import (
    UNKNOWN,
    Typed,
    Values,
    checked,
    masked_fault,
    null,
    require,
)
from bailiwick.dataplane.gateways.sql.rewrite import ROW_CHECK_MARK

if TYPE_CHECKING:
    from bailiwick.dataplane.gateways.sql.engines.translating.queries import Queries

_TYPES = {
    "bool": "bool", "int2": "int4", "int4": "int4", "int8": "int8", "float4": "float8", "float8": "float8",
    "numeric": "numeric", "text": "text", "varchar": "text", "name": "text", "date": "date", "timestamp": "timestamp",
    "timestamptz": "timestamptz", "uuid": "uuid", "bytea": "bytea",
}  # fmt: skip
# What a row check is made of: the value where it fits, and what fails with a mark where it does not.
_ROW_CHECK_BRANCHES = 2
# Casts that no database does in another way, besides those that only widen a number.
_TO_TEXT = frozenset({"int4", "int8", "date", "uuid", "text", "bool"})
_INT4 = 2**31


class Expressions:
    """Translates expressions. `queries` is asked for the subqueries in them."""

    def __init__(self, values: Values, queries: "Queries") -> None:
        self.values = values
        self.dialect = values.dialect
        self._queries = queries
        self._functions = Functions(self)
        self._handlers: dict[type, Callable[[Any, Scope], Typed]] = {
            ast.A_Const: self._constant,
            ast.ParamRef: lambda node, _: values.parameter(node.number),
            ast.ColumnRef: self._column,
            ast.A_Expr: self._operator,
            ast.BoolExpr: self._bool,
            ast.NullTest: self._null_test,
            ast.BooleanTest: self._boolean_test,
            ast.CaseExpr: self._case,
            ast.CoalesceExpr: self._coalesce,
            ast.TypeCast: self._cast,
            ast.FuncCall: self._functions.call,
            ast.SubLink: self._sublink,
            ast.SQLValueFunction: self._now,
            ast.CollateClause: self._collate,
        }

    def any(self, node: Any, scope: Scope) -> Typed:
        """Return an expression with its type, which may be unknown still."""
        handler = self._handlers.get(type(node))
        if handler is None:
            raise NotTranslatedError(f"{type(node).__name__} is not translated to {self.dialect.name}")
        return handler(node, scope)

    def typed(self, node: Any, scope: Scope, otherwise: str = "text") -> Typed:
        """Return an expression with its type; what has none gets another."""
        return self.values.settle(self.any(node, scope), otherwise)

    def condition(self, node: Any, scope: Scope) -> Node:
        """Return a condition, which is a boolean: no number or text is true anywhere."""
        return require(self.typed(node, scope, "bool"), "bool").sql

    # -- leaves --------------------------------------------------------------------------------------------------

    def _constant(self, node: Any, _: Scope) -> Typed:
        if node.isnull:
            return null()
        match node.val:
            case ast.Integer():
                return Typed("int4", exp.Literal.number(node.val.ival or 0))
            case ast.Float():
                return self._number(str(node.val.fval))
            case ast.Boolean():
                return Typed("bool", exp.Boolean(this=bool(node.val.boolval)))
            case ast.String():
                return self.values.literal(str(node.val.sval))
        raise NotTranslatedError("bit strings are not translated")

    def _number(self, text: str) -> Typed:
        kind = "numeric" if any(mark in text.lower() for mark in ".e") or len(text) > 18 else "int8"  # noqa: PLR2004
        if kind == "numeric":
            return Typed(self.dialect.kind(kind), exp.Literal.number(f"{Decimal(text):f}"))
        return Typed(kind, exp.Literal.number(checked(kind, text)))

    def _column(self, node: Any, scope: Scope) -> Typed:
        names = [str(part.sval) for part in node.fields if isinstance(part, ast.String)]
        if len(names) != len(node.fields) or len(names) > 2:  # noqa: PLR2004 - table and column
            raise NotTranslatedError("a star or a part of a row stands where a value is wanted")
        return scope.column(names[0] if len(names) > 1 else None, names[-1])

    def _now(self, node: Any, _: Scope) -> Typed:
        word = enums.SQLValueFunctionOp(node.op).name
        kind = "date" if word.endswith("DATE") else "timestamp" if "LOCAL" in word else "timestamptz"
        if not word.endswith(("DATE", "TIMESTAMP")):
            raise NotTranslatedError("the time of day is not translated")
        return self.moment(kind)

    def moment(self, kind: str) -> Typed:
        """Return the time of running; as PostgreSQL's, it stands still within a statement."""
        return Typed(kind, self.dialect.bound(self.values.place(Bind(kind, moment=True)), kind))

    # -- what is made of others ----------------------------------------------------------------------------------

    def _operator(self, node: Any, scope: Scope) -> Typed:
        moved = moved_date(node)
        return self.values.literal(moved) if moved else operators.translate(self, node, scope)

    def _bool(self, node: Any, scope: Scope) -> Typed:
        parts = [exp.Paren(this=self.condition(part, scope)) for part in node.args]
        word = node.boolop.name
        if word == "NOT_EXPR":
            return Typed("bool", exp.Not(this=parts[0]))
        made: Node = parts[0]
        for part in parts[1:]:
            made = (exp.And if word == "AND_EXPR" else exp.Or)(this=made, expression=part)
        return Typed("bool", exp.Paren(this=made))

    def _null_test(self, node: Any, scope: Scope) -> Typed:
        test: Node = exp.Is(this=operand(self.typed(node.arg, scope).sql), expression=exp.Null())
        return Typed("bool", exp.Not(this=test) if node.nulltesttype.name == "IS_NOT_NULL" else test)

    def _boolean_test(self, node: Any, scope: Scope) -> Typed:
        word = node.booltesttype.name.removeprefix("IS_")
        value: Node = exp.Null() if word.endswith("UNKNOWN") else exp.Boolean(this=word.endswith("TRUE"))
        same = exp.NullSafeEQ if self.dialect.name == "snowflake" else exp.Is
        test: Node = same(this=exp.Paren(this=self.condition(node.arg, scope)), expression=value)
        return Typed("bool", exp.Not(this=test) if word.startswith("NOT_") else test)

    def _case(self, node: Any, scope: Scope) -> Typed:
        end = grant_end(node)
        if end is not None:
            self.values.ends[end] = None
            return Typed("bool", exp.Boolean(this=True))
        held = self._row_check(node)
        if held is not None:
            return held
        if node.arg is not None:
            raise NotTranslatedError("CASE with a value is not translated", hint="CASE WHEN x = … THEN …")
        conditions = [self.condition(branch.expr, scope) for branch in node.args]
        results = [self.any(branch.result, scope) for branch in node.args]
        results.append(self.any(node.defresult, scope) if node.defresult is not None else null())
        results, kind = self.values.common(results)
        made = exp.Case(default=results[-1].sql)
        made.set("ifs", [exp.If(this=when, true=then.sql) for when, then in zip(conditions, results[:-1], strict=True)])
        return Typed(kind, made)

    def _row_check(self, node: Any) -> Typed | None:
        """Return the value of a row check, which is made when it is bound, None when a CASE is none.

        PostgreSQL's is a cast that fails; casts of other databases do not, so this one must be known by its form.
        """
        marks = [text for branch in node.args for text in _marks(branch.expr)]
        if len(marks) != 1 or len(node.args) != _ROW_CHECK_BRANCHES:
            return None
        compared, given = node.args[0].expr, _given(node.args[0].result)
        value = _leaf(given)
        only = _texts(compared.rexpr) if _is_equality(compared) else []
        if value is None or len(only) != 1 or _given(compared.lexpr) != given:
            raise NotTranslatedError("a value that decides who sees a row is given as plain text here")
        bind = replace(value, only=only[0], column=marks[0].split(":")[1])
        return Typed(UNKNOWN, bind=bind)

    def _coalesce(self, node: Any, scope: Scope) -> Typed:
        values, kind = self.values.common([self.any(part, scope) for part in node.args])
        first, *rest = [value.sql for value in values]
        return Typed(kind, exp.Coalesce(this=first, expressions=rest))

    def _collate(self, node: Any, scope: Scope) -> Typed:
        # Everything compares by code points, as these do.
        if node.collname[-1].sval not in {"C", "POSIX", "ucs_basic"}:
            raise NotTranslatedError("texts are compared by code points here", hint='COLLATE "C"')
        return require(self.typed(node.arg, scope), "text")

    def _cast(self, node: Any, scope: Scope) -> Typed:
        kind = _TYPES.get(node.typeName.names[-1].sval)
        if kind is None or node.typeName.arrayBounds:
            raise NotTranslatedError(f"the type {node.typeName.names[-1].sval} is not translated")
        if node.typeName.typmods and not isinstance(node.arg, ast.ParamRef | ast.A_Const):
            raise NotTranslatedError("a cast to a type with a length is not translated")
        kind = self.dialect.kind(kind)
        if isinstance(node.arg, ast.ParamRef):
            self.values.parameters.setdefault(node.arg.number or 0, kind)
        value = self.any(node.arg, scope)
        return self.convert(self.values.settle(value, kind), kind)

    def convert(self, value: Typed, kind: str) -> Typed:
        """Return a value of another type, where a cast means the same everywhere; raise otherwise."""
        if value.kind == kind:
            return value
        if value.masked is not None:
            raise masked_fault(value.masked)
        if kind == "text" and value.kind == "bool":
            branches = [exp.If(this=value.sql, true=self.values.fixed("true")),
                        exp.If(this=exp.Not(this=operand(value.sql)), true=self.values.fixed("false"))]  # fmt: skip
            made = exp.Case()
            made.set("ifs", branches)
            return Typed("text", made)
        if kind == "text" and value.kind in _TO_TEXT:
            # In SQLite dates are texts, which declared types do not enforce.
            return Typed("text", self.dialect.read(self.dialect.cast(value.sql, "text"), "other"))
        widens = value.kind in NUMBERS and kind in NUMBERS and NUMBERS.index(value.kind) < NUMBERS.index(kind)
        if widens and not (value.kind == "numeric" and self.dialect.name == "sqlite"):
            return Typed(kind, self.dialect.cast(value.sql, kind))
        raise NotTranslatedError(
            f"a cast from {value.kind} to {kind} may mean something else in {self.dialect.name}",
            hint="convert the values in the app",
        )

    def _sublink(self, node: Any, scope: Scope) -> Typed:
        word = node.subLinkType.name
        query = self._queries.nested(node.subselect, scope)
        if word == "EXISTS_SUBLINK":
            return Typed("bool", exp.Exists(this=query.select))
        if len(query.columns) != 1:
            raise NotTranslatedError("a subquery has one column here")
        kind, masked = query.columns[0].kind, query.columns[0].masked
        if masked is not None:
            raise masked_fault(masked)
        if word == "EXPR_SUBLINK":
            self._queries.require_one_row(node.subselect)
            return Typed(kind, exp.Subquery(this=query.select))
        equals = node.operName is None or [part.sval for part in node.operName] == ["="]
        if word != "ANY_SUBLINK" or not equals:
            raise NotTranslatedError("of comparisons with a subquery only IN is translated")
        tested = self.values.settle(self.any(node.testexpr, scope), kind)
        self.values.common([tested, Typed(kind)])
        return Typed("bool", exp.In(this=exp.Paren(this=tested.sql), query=exp.Subquery(this=query.select)))


def _marks(condition: Any) -> list[str]:
    """Return the marks of row checks in a condition of a CASE."""
    texts = _texts(condition.lexpr) if isinstance(condition, ast.A_Expr) else []
    return [text for text in texts if text.startswith(f"{ROW_CHECK_MARK}:")]


def _is_equality(node: Any) -> bool:
    return isinstance(node, ast.A_Expr) and [part.sval for part in node.name or ()] == ["="]


def _given(node: Any) -> Any:
    """Return the value that was given, of one in which its column's type stands beside it."""
    branches = node.args or () if isinstance(node, ast.CaseExpr) else ()
    if len(branches) == 1 and _is_false(branches[0].expr):
        node = node.defresult
    while isinstance(node, ast.TypeCast):
        node = node.arg
    return node


def _is_false(node: Any) -> bool:
    return isinstance(node, ast.A_Const) and isinstance(node.val, ast.Boolean) and not node.val.boolval


def _leaf(node: Any) -> Bind | None:
    """Return a parameter or a constant as a value to bind, None for anything else."""
    if isinstance(node, ast.ParamRef):
        return Bind(UNKNOWN, parameter=node.number or 0)
    value = node.val if isinstance(node, ast.A_Const) else None
    if isinstance(value, ast.Integer):
        return Bind(UNKNOWN, str(value.ival or 0))
    return Bind(UNKNOWN, value.sval) if isinstance(value, ast.String) else None


def _texts(node: Any) -> list[str]:
    """Return the texts that stand in an expression."""
    if isinstance(node, ast.A_Const):
        return [str(node.val.sval)] if isinstance(node.val, ast.String) else []
    if isinstance(node, tuple):
        return [text for part in node for text in _texts(part)]
    if isinstance(node, ast.FuncCall):
        return _texts(node.args)
    return _texts(node.arg) if isinstance(node, ast.TypeCast) else []

"""Functions: those that every dialect computes as PostgreSQL does, or can be made to. All others are refused."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pglast import ast
from sqlglot import exp

from bailiwick.core.grants import Mask
from bailiwick.dataplane.database_files.kinds import NUMBERS
from bailiwick.dataplane.gateways.sql.engines.masking import shown_kind
from bailiwick.dataplane.gateways.sql.engines.model import Masked, NotTranslatedError
from bailiwick.dataplane.gateways.sql.engines.translating.dialects import Node, function, operand
from bailiwick.dataplane.gateways.sql.engines.translating.scope import Scope
from bailiwick.dataplane.gateways.sql.engines.translating.values import Typed, require
from bailiwick.dataplane.gateways.sql.keyed import BY_GATEWAY

if TYPE_CHECKING:
    from bailiwick.dataplane.gateways.sql.engines.translating.expressions import Expressions

_SUMS = {"int4": "int8", "int8": "numeric", "numeric": "numeric", "float8": "float8"}
_FIELDS = {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M"}
_OF_DATES = frozenset({"year", "month", "day"})
# What stands still, or says which database this is to drivers that ask.
_SAID = {"version": "PostgreSQL 16.0 (translated by Bailiwick)", "current_schema": "public"}
_AGGREGATES = frozenset({"count", "sum", "avg", "min", "max"})
_RANKINGS = frozenset({"row_number", "rank", "dense_rank"})
_PRECISION = 2


class Functions:
    """Translates calls of functions."""

    def __init__(self, maker: "Expressions") -> None:
        self._maker = maker
        self._values, self._dialect = maker.values, maker.dialect
        self._plain: dict[str, Callable[[list[Any], Scope], Typed]] = {
            "abs": self._abs,
            "round": self._round,
            "length": self._length,
            "char_length": self._length,
            "character_length": self._length,
            "lower": self._same,
            "upper": self._same,
            "btrim": self._same,
            "ltrim": self._same,
            "rtrim": self._same,
            "replace": self._replace,
            "substring": self._substring,
            "substr": self._substring,
            "left": self._end,
            "right": self._end,
            "split_part": self._split_part,
            "concat": self._concat,
            "extract": self._extract,
            "date_part": self._extract,
        }
        self._name = ""

    def call(self, node: Any, scope: Scope) -> Typed:
        """Return what a call comes to."""
        name = node.funcname[-1].sval
        arguments = list(node.args or ())
        if node.funcname[0].sval == BY_GATEWAY:
            return self._masked(Mask(name), arguments[0], scope)
        if node.func_variadic or node.agg_within_group or any(isinstance(item, ast.NamedArgExpr) for item in arguments):
            raise NotTranslatedError(f"the call of {name} is not translated")
        if name in _AGGREGATES or (name in _RANKINGS and node.over is not None):
            return self._aggregate(node, name, arguments, scope)
        if node.over is not None or node.agg_order or node.agg_filter or node.agg_distinct or node.agg_star:
            raise self._unknown(name)
        if name in _SAID and not arguments:
            return Typed("text", self._values.fixed(_SAID[name]))
        if name == "now" and not arguments:
            return self._maker.moment("timestamptz")
        if name not in self._plain:
            raise self._unknown(name)
        self._name = name
        return self._plain[name](arguments, scope)

    def _masked(self, mask: Mask, column: Any, scope: Scope) -> Typed:
        """Return a column that the gateway masks once it came: the grant put this there."""
        own = self._maker.typed(column, scope)
        kind = shown_kind(mask, own.kind)
        if kind is None:
            raise NotTranslatedError(f"the mask {mask.value} is not made of a {own.kind} in {self._dialect.name}")
        return Typed(kind, own.sql, masked=Masked(mask, own.kind))

    def _unknown(self, name: str) -> NotTranslatedError:
        return NotTranslatedError(
            f"the function {name[:60]} is not translated to {self._dialect.name}", hint="compute it in the app"
        )

    def _text(self, node: Any, scope: Scope) -> Node:
        return require(self._maker.typed(node, scope), "text").sql

    def _wanted(self, arguments: list[Any], *counts: int) -> None:
        if len(arguments) not in counts:
            raise self._unknown(self._name)

    # -- numbers -------------------------------------------------------------------------------------------------

    def _abs(self, arguments: list[Any], scope: Scope) -> Typed:
        self._wanted(arguments, 1)
        value = require(self._maker.typed(arguments[0], scope, "int4"), *NUMBERS)
        return Typed(value.kind, function("ABS", value.sql))

    def _round(self, arguments: list[Any], scope: Scope) -> Typed:
        self._wanted(arguments, 1, 2)
        value = require(self._maker.typed(arguments[0], scope, "numeric"), *NUMBERS)
        digits = _number(arguments[1]) if len(arguments) == _PRECISION else 0
        # Halves of floats are rounded to either side; SQLite has no other numbers, and is asked for what is shown.
        if value.kind != "numeric" and self._dialect.name != "sqlite":
            raise NotTranslatedError("only decimals are rounded alike everywhere", hint="round in the app")
        if digits is None or digits < 0:
            raise self._unknown("round")
        return Typed(value.kind, function("ROUND", value.sql, exp.Literal.number(digits)))

    # -- texts ---------------------------------------------------------------------------------------------------

    def _length(self, arguments: list[Any], scope: Scope) -> Typed:
        self._wanted(arguments, 1)
        name = "CHAR_LENGTH" if self._dialect.name == "mysql" else "LENGTH"
        return Typed("int4", function(name, self._text(arguments[0], scope)))

    def _same(self, arguments: list[Any], scope: Scope) -> Typed:
        name = self._name
        self._wanted(arguments, 1)
        # Blanks are trimmed, not all white space.
        blank = [self._values.fixed(" ")] if self._dialect.name == "bigquery" and name.endswith("trim") else []
        return Typed("text", function(name.removeprefix("b").upper(), self._text(arguments[0], scope), *blank))

    def _replace(self, arguments: list[Any], scope: Scope) -> Typed:
        self._wanted(arguments, 3)
        return Typed("text", function("REPLACE", *(self._text(item, scope) for item in arguments)))

    def _substring(self, arguments: list[Any], scope: Scope) -> Typed:
        self._wanted(arguments, 2, 3)
        places = [_number(item) for item in arguments[1:]]
        if any(place is None for place in places) or (places[0] or 0) < 1 or (places[-1] or 0) < 0:
            raise NotTranslatedError("SUBSTRING takes plain numbers here, from 1 on")
        numbers = [exp.Literal.number(place or 0) for place in places]
        return Typed("text", function("SUBSTR", self._text(arguments[0], scope), *numbers))

    def _end(self, arguments: list[Any], scope: Scope) -> Typed:
        name = self._name
        self._wanted(arguments, 2)
        count = _number(arguments[1])
        if count is None or count < 1:
            raise NotTranslatedError(f"{name} takes a plain number here, from 1 on")
        text, number = self._text(arguments[0], scope), exp.Literal.number(count)
        if self._dialect.name != "sqlite":
            return Typed("text", function(name.upper(), text, number))
        if name == "left":
            return Typed("text", function("SUBSTR", text, exp.Literal.number(1), number))
        return Typed("text", function("SUBSTR", text, exp.Neg(this=number)))

    def _split_part(self, arguments: list[Any], scope: Scope) -> Typed:
        self._wanted(arguments, 3)
        mark, place = _written(arguments[1]), _number(arguments[2])
        if not mark or place is None or place < 1:
            raise NotTranslatedError("split_part takes a plain text and a number from 1 on here")
        text, number = self._text(arguments[0], scope), exp.Literal.number(place)
        if self._dialect.name == "bigquery":
            return Typed("text", self._part_of_split(text, mark, place))
        if self._dialect.name != "mysql":  # in SQLite it is a function of the worker's
            return Typed("text", function("SPLIT_PART", text, self._values.fixed(mark), number))
        # SUBSTRING_INDEX gives the last part where there are fewer, so it is put in front of as many marks.
        padded = function("CONCAT", text, *(self._values.fixed(mark) for _ in range(place)))
        head = function("SUBSTRING_INDEX", padded, self._values.fixed(mark), number)
        return Typed(
            "text", function("SUBSTRING_INDEX", head, self._values.fixed(mark), exp.Neg(this=exp.Literal.number(1)))
        )

    def _part_of_split(self, text: Node, mark: str, place: int) -> Node:
        """Return a part of an array of parts: empty behind the last one, and NULL of NULL."""
        parts = function("SPLIT", text, self._values.fixed(mark))
        part = exp.Bracket(this=parts, expressions=[exp.Literal.number(place - 1)], offset=0, safe=True)
        nothing = exp.Is(this=operand(text.copy()), expression=exp.Null())
        made = exp.Case(default=exp.Coalesce(this=part, expressions=[self._values.fixed("")]))
        made.set("ifs", [exp.If(this=nothing, true=self._dialect.null("text"))])
        return made

    def _concat(self, arguments: list[Any], scope: Scope) -> Typed:
        parts = [self._maker.convert(self._maker.typed(item, scope), "text").sql for item in arguments]
        parts = [exp.Coalesce(this=part, expressions=[self._values.fixed("")]) for part in parts]
        if self._dialect.name == "mysql":
            return Typed("text", function("CONCAT", *parts))
        made: Node = parts[0]
        for part in parts[1:]:
            made = exp.DPipe(this=made, expression=part)
        return Typed("text", made)

    # -- dates ---------------------------------------------------------------------------------------------------

    def _extract(self, arguments: list[Any], scope: Scope) -> Typed:
        self._wanted(arguments, 2)
        kind = "numeric" if self._name == "extract" else "float8"
        part = _written(arguments[0]).lower()
        value = self._maker.typed(arguments[1], scope, "timestamp")
        require(value, "date", "timestamp")
        if part not in (_OF_DATES if value.kind == "date" else _FIELDS):
            raise NotTranslatedError(f"{part[:20]} is not extracted here", hint=", ".join(_FIELDS))
        if self._dialect.name == "sqlite":
            digits = function("STRFTIME", self._values.fixed(_FIELDS[part]), value.sql)
            return Typed("float8" if kind == "float8" else "numeric", self._dialect.cast(digits, "int4"))
        return Typed(kind, exp.Extract(this=exp.Var(this=part.upper()), expression=value.sql))

    # -- of many rows --------------------------------------------------------------------------------------------

    def _aggregate(self, node: Any, name: str, arguments: list[Any], scope: Scope) -> Typed:
        if node.agg_order or len(arguments) > 1:
            raise self._unknown(name)
        ranking = name in _RANKINGS
        value = self._maker.typed(arguments[0], scope) if arguments else None
        kind = self._kind(name, value)
        inner = None if value is None else value.sql
        if name == "avg" and inner is not None:
            inner = self._dialect.cast(inner, "float8")
        if node.agg_filter is not None:
            chosen = exp.Case()
            one = exp.Literal.number(1)
            chosen.set("ifs", [exp.If(this=self._maker.condition(node.agg_filter, scope), true=inner or one)])
            inner = chosen
        if inner is not None and node.agg_distinct:
            inner = exp.Distinct(expressions=[inner])
        given = [] if ranking else [inner or exp.Star()]
        made: Node = function(name.upper(), *given)
        if node.over is None:
            made.meta["aggregate"] = True
            return Typed(kind, made)
        return Typed(kind, self._window(made, node.over, scope))

    def _kind(self, name: str, value: Typed | None) -> str:
        if name in _RANKINGS or name == "count":
            return "int8"
        if value is None:
            raise self._unknown(name)
        if name in {"min", "max"}:
            return require(value, *NUMBERS, "text", "date", "timestamp", "timestamptz").kind
        require(value, *NUMBERS)
        return "float8" if name == "avg" else _SUMS[value.kind]

    def _window(self, made: Node, over: Any, scope: Scope) -> Node:
        plain = 1058  # FRAMEOPTION_DEFAULTS (nodes/parsenodes.h)
        if over.name or over.refname or over.frameOptions != plain:
            raise NotTranslatedError("named windows and frames are not translated")
        window = exp.Window(this=made)
        if over.partitionClause:
            window.set("partition_by", [operand(self._maker.typed(item, scope).sql) for item in over.partitionClause])
        if over.orderClause:
            window.set("order", exp.Order(expressions=self.sorted(over.orderClause, scope)))
        return window

    def sorted(self, clause: Any, scope: Scope) -> list[Node]:
        """Return keys to sort by."""
        keys: list[Node] = []
        for item in clause:
            keys += self._dialect.ordered(
                operand(self._maker.typed(item.node, scope).sql),
                descending=descends(item),
                nulls_first=nulls_first(item),
            )
        return keys


def descends(item: Any) -> bool:
    """Return whether a sort key descends; raise for an operator of one's own."""
    if item.sortby_dir.name == "SORTBY_USING":
        raise NotTranslatedError("ORDER BY … USING is not translated")
    return bool(item.sortby_dir.name == "SORTBY_DESC")


def nulls_first(item: Any) -> bool:
    """Return whether NULL comes first: by default it is larger than all."""
    said = item.sortby_nulls.name
    return descends(item) if said == "SORTBY_NULLS_DEFAULT" else said == "SORTBY_NULLS_FIRST"


def _number(node: Any) -> int | None:
    if isinstance(node, ast.A_Const) and isinstance(node.val, ast.Integer):
        return int(node.val.ival or 0)
    return None


def _written(node: Any) -> str:
    return str(node.val.sval) if isinstance(node, ast.A_Const) and isinstance(node.val, ast.String) else ""

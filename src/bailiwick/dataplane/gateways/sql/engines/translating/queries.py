"""Queries: SELECT with its sources, groups and order. All names but those of tables and columns become our own."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from pglast import ast
from sqlglot import exp

from bailiwick.dataplane.gateways.sql.engines.model import Column, NotTranslatedError, Schema
from bailiwick.dataplane.gateways.sql.engines.translating import grouping
from bailiwick.dataplane.gateways.sql.engines.translating.dialects import Node
from bailiwick.dataplane.gateways.sql.engines.translating.expressions import Expressions
from bailiwick.dataplane.gateways.sql.engines.translating.froms import Froms
from bailiwick.dataplane.gateways.sql.engines.translating.functions import descends, nulls_first
from bailiwick.dataplane.gateways.sql.engines.translating.names import name_of
from bailiwick.dataplane.gateways.sql.engines.translating.scope import Scope, column, quoted
from bailiwick.dataplane.gateways.sql.engines.translating.values import Typed, Values, masked_fault
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError

_SETS: dict[str, type[exp.Expression]] = {
    "SETOP_UNION": exp.Union, "SETOP_INTERSECT": exp.Intersect, "SETOP_EXCEPT": exp.Except
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Query:
    """A query in the other dialect, and the columns of its answer, which it calls by `own_name`."""

    select: exp.Select
    columns: tuple[Column, ...]


def own_name(number: int) -> str:
    """Return our name of a column of an answer, counted from 0."""
    return f"bw_c{number}"


class Queries:
    """Translates queries over the tables of a schema."""

    def __init__(self, values: Values, schema: Schema) -> None:
        self.values = values
        self.dialect = values.dialect
        self.schema = schema
        self.expressions = Expressions(values, self)
        self._froms = Froms(self)
        self._numbers = count()

    def fresh(self) -> str:
        """Return a name for a source that nothing else has."""
        return f"bw_t{next(self._numbers)}"

    def nested(self, statement: Any, outer: Scope | None) -> Query:
        """Return a query in another; `outer` is what it may name besides its own."""
        if not isinstance(statement, ast.SelectStmt) or statement.valuesLists:
            raise NotTranslatedError("VALUES is translated in INSERT only")
        scope = Scope(outer)
        ctes = self._with(statement.withClause, scope)
        query = self._combined(statement, scope) if _is_set(statement) else self._plain(statement, scope)
        if ctes:
            query.select.set("with_", exp.With(expressions=ctes))
        return query

    def require_one_row(self, statement: Any) -> None:
        """Raise where a subquery may have many rows and the database would take any of them."""
        if self.dialect.name == "sqlite" and not grouping.has_one_row(statement):
            raise NotTranslatedError(
                "a subquery that stands for one value must have one row in sqlite", hint="LIMIT 1, or an aggregate"
            )

    def _with(self, clause: Any, scope: Scope) -> list[Node]:
        made: list[Node] = []
        if clause is None:
            return made
        if clause.recursive:
            raise NotTranslatedError("WITH RECURSIVE is not translated")
        for item in clause.ctes:
            query = self.nested(item.ctequery, scope)
            own = self.fresh()
            names = _names(query.columns, item.aliascolnames)
            columns = [found._replace(name=name) for name, found in zip(names, query.columns, strict=True)]
            scope.tables[item.ctename] = (own, tuple(columns))
            made.append(exp.CTE(this=query.select, alias=exp.TableAlias(this=quoted(own))))
        return made

    # -- a plain SELECT ------------------------------------------------------------------------------------------

    def _plain(self, statement: Any, scope: Scope) -> Query:
        _require_plain(statement)
        query = exp.Select()
        self._froms.add(statement.fromClause, query, scope)
        if statement.whereClause is not None:
            query.set("where", exp.Where(this=self.expressions.condition(statement.whereClause, scope)))
        make = self._granted if self._froms.is_table(statement.fromClause, scope) else self._outputs
        outputs = make(statement.targetList, scope)
        groups = self._groups(statement.groupClause, outputs, scope)
        if groups:
            query.set("group", exp.Group(expressions=[group.copy() for group in groups]))
        checked = [value.shown for _, value in outputs]
        if statement.havingClause is not None:
            having = self.expressions.condition(statement.havingClause, scope)
            query.set("having", exp.Having(this=having))
            checked.append(having)
        query.set(
            "expressions",
            [exp.Alias(this=value.shown, alias=quoted(own_name(place))) for place, (_, value) in enumerate(outputs)],
        )
        own = "" if statement.distinctClause is None else self.fresh()
        keys = self._keys(statement, outputs, scope, own)
        if not own:
            checked += keys
        grouping.require_grouped(
            checked,
            groups,
            {source.own for source in scope.sources},
            grouped=bool(statement.groupClause or statement.havingClause),
        )
        columns = tuple(Column(name, value.kind, value.masked) for name, value in outputs)
        if own:
            _require_unmasked(columns)
            # An order by what it answers is one of a table of its own: MySQL reads a bare name as another column.
            query.set("distinct", exp.Distinct())
            query = self._select_all(exp.Subquery(this=query), len(outputs), own)
        if keys and groups and not own and self.dialect.name == "bigquery":
            query, keys = self._sorted_outside(query, keys, len(outputs))
        if keys:
            query.set("order", exp.Order(expressions=keys))
        self._limit(statement, query)
        return Query(query, columns)

    def _sorted_outside(self, query: exp.Select, keys: list[Node], width: int) -> tuple[exp.Select, list[Node]]:
        """Return a grouped query as a table of its own with what sorts it: BigQuery does not know what was grouped by
        again in ORDER BY.
        """
        own, made = self.fresh(), []
        for place, key in enumerate(keys, start=width):
            query.append("expressions", exp.Alias(this=key.this, alias=quoted(own_name(place))))
            key.set("this", column(own_name(place), own))
            made.append(key)
        return self._select_all(exp.Subquery(this=query), width, own), made

    def _granted(self, targets: Any, scope: Scope) -> list[tuple[str, Typed]]:
        """Return the columns that the grant gives of a table, but those whose type or mask is not translated."""
        outputs: list[tuple[str, Typed]] = []
        for target in targets:
            with contextlib.suppress(StatementRefusedError):
                outputs += self._outputs((target,), scope)
        if not outputs:
            raise NotTranslatedError("no column of the table is of a type that is translated")
        return outputs

    def _outputs(self, targets: Any, scope: Scope) -> list[tuple[str, Typed]]:
        outputs: list[tuple[str, Typed]] = []
        for target in targets or ():
            fields = target.val.fields if isinstance(target.val, ast.ColumnRef) else ()
            if fields and isinstance(fields[-1], ast.A_Star):
                table = fields[0].sval if len(fields) > 1 else None
                outputs += [(item.name, item.value) for item in scope.every(table)]
                continue
            name = target.name or name_of(target.val)
            outputs.append((name, self.expressions.typed(target.val, scope)))
        if not outputs:
            raise NotTranslatedError("a SELECT has columns here")
        return outputs

    def _groups(self, clause: Any, outputs: list[tuple[str, Typed]], scope: Scope) -> list[Node]:
        groups: list[Node] = []
        for item in clause or ():
            if isinstance(item, ast.GroupingSet):
                raise NotTranslatedError("GROUPING SETS, ROLLUP and CUBE are not translated")
            place = _ordinal(item, len(outputs))
            name = _bare_name(item)
            # A name in GROUP BY is a column before it is an output (PostgreSQL documentation, SELECT).
            named = [value for title, value in outputs if title == name] if name and not _has(scope, name) else []
            if place is not None:
                groups.append(outputs[place][1].sql)
            elif named:
                groups.append(named[0].sql)
            else:
                groups.append(self.expressions.typed(item, scope).sql)
        return groups

    def _keys(self, statement: Any, outputs: list[tuple[str, Typed]], scope: Scope, distinct: str = "") -> list[Node]:
        """Return what is sorted by; of a DISTINCT query, which is a table called `distinct`, only what it selects."""
        keys: list[Node] = []
        texts = [value.shown.sql() for _, value in outputs]
        for item in statement.sortClause or ():
            place = _ordinal(item.node, len(outputs))
            name = _bare_name(item.node)
            named = [number for number, (title, _) in enumerate(outputs) if title == name] if name else []
            # A name in ORDER BY is an output before it is a column.
            if place is None and named:
                if len({texts[number] for number in named}) > 1:
                    raise StatementRefusedError(f"ORDER BY {name} is ambiguous", sqlstate="42702")
                place = named[0]
            value = outputs[place][1] if place is not None else self.expressions.typed(item.node, scope)
            key = value.sql
            if distinct:
                if key.sql() not in texts:
                    raise StatementRefusedError("SELECT DISTINCT sorts by what it selects", sqlstate="42P10")
                key = column(own_name(texts.index(key.sql())), distinct)
            keys += self.dialect.ordered(_kept(key), descending=descends(item), nulls_first=nulls_first(item))
        return keys

    def _limit(self, statement: Any, query: exp.Select) -> None:
        if statement.limitOption.name == "LIMIT_OPTION_WITH_TIES":
            raise NotTranslatedError("WITH TIES is not translated")
        limits = [self._rows(statement.limitCount), self._rows(statement.limitOffset)]
        if any(limit is not None for limit in limits):
            self.dialect.limit(query, *limits)

    def _rows(self, node: Any) -> Node | None:
        if node is None or (isinstance(node, ast.A_Const) and node.isnull):
            return None
        if isinstance(node, ast.A_Const) and isinstance(node.val, ast.Integer):
            if (node.val.ival or 0) < 0:
                raise StatementRefusedError("a number of rows is negative", sqlstate="2201W")
            return exp.Literal.number(node.val.ival or 0)
        while isinstance(node, ast.TypeCast):
            node = node.arg
        if not isinstance(node, ast.ParamRef):
            raise NotTranslatedError("LIMIT and OFFSET take a plain number here")
        return self.values.rows(node.number or 0)

    # -- UNION, INTERSECT, EXCEPT --------------------------------------------------------------------------------

    def _combined(self, statement: Any, scope: Scope) -> Query:
        """Return a set operation as a table of its own, so that nothing depends on which of them binds tighter."""
        if statement.all and statement.op.name != "SETOP_UNION":
            raise NotTranslatedError("INTERSECT ALL and EXCEPT ALL are not translated")
        left, right = self.nested(statement.larg, scope), self.nested(statement.rarg, scope)
        if len(left.columns) != len(right.columns):
            raise StatementRefusedError("both sides have the same number of columns", sqlstate="42601")
        _require_unmasked((*left.columns, *right.columns))
        columns = []
        for one, other in zip(left.columns, right.columns, strict=True):
            _, kind = self.values.common([Typed(one.kind, exp.Null()), Typed(other.kind, exp.Null())])
            columns.append(Column(one.name, kind))
        made = _SETS[statement.op.name](
            this=self._wrapped(left), expression=self._wrapped(right), distinct=not statement.all
        )
        combined = self._select_all(exp.Subquery(this=made), len(columns))
        own = combined.args["from_"].this.alias
        outputs = [(found.name, Typed(found.kind, column(own_name(place), own))) for place, found in enumerate(columns)]
        keys = self._keys(statement, outputs, Scope())
        if keys:
            combined.set("order", exp.Order(expressions=keys))
        self._limit(statement, combined)
        return Query(combined, tuple(columns))

    def _wrapped(self, query: Query) -> exp.Select:
        if any(query.select.args.get(part) for part in ("order", "limit", "offset", "with_")):
            return self._select_all(exp.Subquery(this=query.select), len(query.columns))
        return query.select

    def _select_all(self, inner: exp.Subquery, width: int, own: str = "") -> exp.Select:
        own = own or self.fresh()
        inner.set("alias", exp.TableAlias(this=quoted(own)))
        names = [own_name(place) for place in range(width)]
        made = exp.Select(expressions=[exp.Alias(this=column(name, own), alias=quoted(name)) for name in names])
        made.set("from_", exp.From(this=inner))
        return made


def _require_unmasked(columns: Sequence[Column]) -> None:
    """Raise where rows are compared as a whole and the database would compare other values than are shown."""
    for found in columns:
        if found.masked is not None:
            raise masked_fault(found.masked)


def _require_plain(statement: Any) -> None:
    if statement.windowClause or statement.groupDistinct:
        raise NotTranslatedError("WINDOW and GROUP BY DISTINCT are not translated")
    if any(item is not None for item in statement.distinctClause or ()):
        raise NotTranslatedError("DISTINCT ON is not translated")


def _is_set(statement: Any) -> bool:
    return bool(statement.op.name != "SETOP_NONE")


def _kept(key: Node) -> Node:
    """Return a sort key that stays one: a bare number would be a place in the list of columns."""
    return key if isinstance(key, exp.Column) else exp.Paren(this=key)


def _has(scope: Scope, name: str) -> bool:
    return any(item.name == name for source in scope.sources for item in source.fields)


def _ordinal(node: Any, most: int) -> int | None:
    if not isinstance(node, ast.A_Const):
        return None
    place = int(node.val.ival or 0) if isinstance(node.val, ast.Integer) else 0
    if not 1 <= place <= most:
        raise StatementRefusedError("a place is no column of the answer", sqlstate="42P10")
    return place - 1


def _bare_name(node: Any) -> str:
    fields = node.fields if isinstance(node, ast.ColumnRef) else None
    return str(fields[0].sval) if fields and len(fields) == 1 and isinstance(fields[0], ast.String) else ""


def _names(columns: tuple[Column, ...], given: Any) -> list[str]:
    names = [name.sval for name in given or ()]
    if len(names) > len(columns):
        raise StatementRefusedError("there are more names than columns", sqlstate="42P10")
    return names + [found.name for found in columns[len(names) :]]

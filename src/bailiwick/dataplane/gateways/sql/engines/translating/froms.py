"""FROM: tables of the grant, subqueries and joins."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pglast import ast
from sqlglot import exp

from bailiwick.dataplane.gateways.sql.engines.model import ONLY_READ, Column, NotTranslatedError
from bailiwick.dataplane.gateways.sql.engines.translating.dialects import Node, operand
from bailiwick.dataplane.gateways.sql.engines.translating.names import is_a
from bailiwick.dataplane.gateways.sql.engines.translating.scope import Field, Scope, Source, column, quoted
from bailiwick.dataplane.gateways.sql.engines.translating.values import Typed
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError

if TYPE_CHECKING:
    from bailiwick.dataplane.gateways.sql.engines.translating.queries import Queries

_SIDES = {"JOIN_INNER": "", "JOIN_LEFT": "LEFT", "JOIN_RIGHT": "RIGHT", "JOIN_FULL": "FULL"}


class Froms:
    """Translates FROM."""

    def __init__(self, queries: "Queries") -> None:
        self._queries = queries
        self._dialect = queries.dialect

    def add(self, clause: Any, query: exp.Select, scope: Scope) -> None:
        """Put the sources of a FROM into a query, and what they are called into its scope."""
        joins: list[Node] = []
        for number, item in enumerate(clause or ()):
            # What stands beside an item cannot be named in it: LATERAL is not translated.
            alone = Scope(None if scope.outer is None else scope.outer, tables=scope.tables)
            first, more = self._item(item, alone)
            for source in alone.sources:
                scope.add(source)
            if number == 0:
                query.set("from_", exp.From(this=first))
            else:
                joins.append(exp.Join(this=first, kind="CROSS"))
            joins += more
        query.set("joins", joins)

    def _item(self, item: Any, scope: Scope) -> tuple[Node, list[Node]]:
        match item:
            case ast.RangeVar():
                return self._table(item, scope), []
            case ast.RangeSubselect():
                return self._subselect(item, scope), []
            case ast.JoinExpr():
                return self._join(item, scope)
        raise NotTranslatedError(f"{type(item).__name__} is not translated")

    def _table(self, item: Any, scope: Scope) -> Node:
        made = scope.table(item.relname) if item.schemaname is None else None
        own = self._queries.fresh()
        if made is not None:
            name, columns = made
            kinds = _answered(columns, own)
            table: Node = exp.Table(this=quoted(name))
        else:
            known = self.columns(item.schemaname or "public", item.relname)
            kinds = [(name, Typed(kind, self._dialect.read(column(name, own), kind))) for name, kind in known.items()]
            table = self.table(item.schemaname or "public", item.relname)
        table.set("alias", exp.TableAlias(this=quoted(own)))
        scope.add(_source(item.alias, item.relname, own, kinds))
        return table

    @staticmethod
    def is_table(clause: Any, scope: Scope) -> bool:
        """Return whether a FROM is one table of the database: only what the grant put in a table's place has that."""
        if not clause or len(clause) != 1 or not is_a(clause[0], ast.RangeVar):
            return False
        return bool(clause[0].schemaname is not None or scope.table(clause[0].relname) is None)

    def columns(self, namespace: str, name: str) -> dict[str, str]:
        """Return the columns of a table, by name; raise when the database has no such table."""
        found = self._queries.schema.get((namespace, name))
        if found is None:
            raise StatementRefusedError(f"the database has no table {name}", sqlstate="42P01")
        return dict(found)

    def table(self, namespace: str, name: str) -> exp.Table:
        """Return a table by its full name."""
        folder = "main" if namespace == "public" else namespace
        if self._dialect.name in {"mysql", *ONLY_READ}:
            return exp.Table(this=quoted(name))  # of the connection's own database
        return exp.Table(this=quoted(name), db=quoted(folder))

    def _subselect(self, item: Any, scope: Scope) -> Node:
        if item.lateral or item.alias is None:
            raise NotTranslatedError("LATERAL, and a subquery without a name, are not translated")
        query = self._queries.nested(item.subquery, Scope(scope.outer, tables=scope.tables))
        own = self._queries.fresh()
        scope.add(_source(item.alias, item.alias.aliasname, own, _answered(query.columns, own)))
        return exp.Subquery(this=query.select, alias=exp.TableAlias(this=quoted(own)))

    def _join(self, item: Any, scope: Scope) -> tuple[Node, list[Node]]:
        side = _SIDES.get(item.jointype.name)
        if side is None or item.isNatural or item.alias or item.join_using_alias:
            raise NotTranslatedError("NATURAL joins, and joins with a name, are not translated")
        if side == "FULL" and self._dialect.name == "mysql":
            raise NotTranslatedError("FULL JOIN is not translated to mysql")
        if isinstance(item.rarg, ast.JoinExpr):
            raise NotTranslatedError("a join in parentheses at the right of another is not translated")
        first, joins = self._item(item.larg, scope)
        left = list(scope.sources)
        second, _ = self._item(item.rarg, scope)
        right = scope.sources[len(left) :]
        condition: Node | None = None
        if item.usingClause:
            if side not in {"", "LEFT"}:
                raise NotTranslatedError("USING is translated in inner and left joins")
            condition = self._using([name.sval for name in item.usingClause], left, right)
        elif item.quals is not None:
            condition = self._queries.expressions.condition(item.quals, scope)
        join = exp.Join(this=second, kind="CROSS") if condition is None else exp.Join(this=second, on=condition)
        if side:
            join.set("side", side)
        return first, [*joins, join]

    def _using(self, names: list[str], left: list[Source], right: list[Source]) -> Node:
        condition: Node | None = None
        for name in names:
            one, other = Scope(sources=left).column(None, name), Scope(sources=right).column(None, name)
            (one, other), _ = self._queries.values.common([one, other])
            equal = exp.EQ(this=operand(one.sql), expression=operand(other.sql))
            condition = equal if condition is None else exp.And(this=condition, expression=equal)
            for source in right:
                source.merged.add(name)
        assert condition is not None  # noqa: S101 - the grammar asks for a name
        return condition


def _answered(columns: Sequence[Column], own: str) -> list[tuple[str, Typed]]:
    """Return the columns of what a query answers, which we call `own`."""
    return [
        (found.name, Typed(found.kind, column(f"bw_c{place}", own), masked=found.masked))
        for place, found in enumerate(columns)
    ]


def _source(alias: Any, name: str, own: str, columns: list[tuple[str, Typed]]) -> Source:
    names = [item.sval for item in (alias.colnames if alias is not None else None) or ()]
    if len(names) > len(columns):
        raise StatementRefusedError("there are more names than columns", sqlstate="42P10")
    titles = names + [title for title, _ in columns[len(names) :]]
    fields = tuple(Field(title, value) for title, (_, value) in zip(titles, columns, strict=True))
    return Source(alias.aliasname if alias is not None else name, own, fields)

"""INSERT, UPDATE and DELETE. The grant's conditions stand in them already; here they keep their meaning."""

from typing import Any

from pglast import ast
from sqlglot import exp

from bailiwick.dataplane.database_files.kinds import NUMBERS
from bailiwick.dataplane.gateways.sql.engines.model import Column, NotTranslatedError
from bailiwick.dataplane.gateways.sql.engines.translating.dialects import Node
from bailiwick.dataplane.gateways.sql.engines.translating.ends import while_granted
from bailiwick.dataplane.gateways.sql.engines.translating.froms import Froms
from bailiwick.dataplane.gateways.sql.engines.translating.names import is_a, name_of
from bailiwick.dataplane.gateways.sql.engines.translating.queries import Queries, own_name
from bailiwick.dataplane.gateways.sql.engines.translating.scope import Field, Scope, Source, column, quoted
from bailiwick.dataplane.gateways.sql.engines.translating.values import Typed
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError


class Changes:
    """Translates statements that change rows."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries
        self._dialect = queries.dialect
        self._froms = Froms(queries)

    def insert(self, statement: Any) -> tuple[Node, tuple[Column, ...]]:
        """Return an INSERT of written rows, and what it returns."""
        kinds = self._froms.columns(statement.relation.schemaname or "public", statement.relation.relname)
        names = [target.name for target in statement.cols]
        rows = statement.selectStmt.valuesLists if statement.selectStmt is not None else None
        if not rows or statement.override.name not in {"OVERRIDING_NOT_SET", "OVERRIDING_DEFAULT"}:
            raise NotTranslatedError("INSERT takes VALUES here")
        scope = Scope()
        made = []
        for row in rows:
            if len(row) != len(names):
                raise StatementRefusedError("INSERT has as many values as columns", sqlstate="42601")
            given = [self._lasting(item) for item in row]
            values = [self._assigned(item, _kind(kinds, name), scope) for name, item in zip(names, given, strict=True)]
            made.append(exp.Tuple(expressions=values))
        table = self._froms.table(statement.relation.schemaname or "public", statement.relation.relname)
        into = exp.Schema(this=table, expressions=[quoted(name) for name in names])
        change = exp.Insert(this=into, expression=exp.Values(expressions=made))
        return self._returned(change, statement)

    def update(self, statement: Any) -> tuple[Node, tuple[Column, ...]]:
        """Return an UPDATE, and what it returns."""
        kinds = self._froms.columns(statement.relation.schemaname or "public", statement.relation.relname)
        scope = self._scope(statement)
        assignments: list[Node] = []
        done: set[str] = set()
        for target in statement.targetList:
            value = self._assigned(target.val, _kind(kinds, target.name), scope)
            # MySQL assigns from left to right, and later values see what earlier ones became.
            if any(found.name in done for found in value.find_all(exp.Column)):
                raise NotTranslatedError("a value is made of a column that is assigned before it")
            done.add(target.name)
            assignments.append(exp.EQ(this=exp.Column(this=quoted(target.name)), expression=value))
        table = self._froms.table(statement.relation.schemaname or "public", statement.relation.relname)
        change = exp.Update(this=table, expressions=assignments, where=self._where(statement, scope))
        return self._returned(change, statement)

    def delete(self, statement: Any) -> tuple[Node, tuple[Column, ...]]:
        """Return a DELETE, and what it returns."""
        scope = self._scope(statement)
        table = self._froms.table(statement.relation.schemaname or "public", statement.relation.relname)
        return self._returned(exp.Delete(this=table, where=self._where(statement, scope)), statement)

    def _lasting(self, node: Any) -> Any:
        """Return a value of a new row; one that is made while a grant lasts is looked at before the row is written."""
        value, end = while_granted(node)
        if end is not None:
            self._queries.values.ends[end] = None
        return value

    def _where(self, statement: Any, scope: Scope) -> Node | None:
        if statement.whereClause is None:
            return None
        return exp.Where(this=self._queries.expressions.condition(statement.whereClause, scope))

    def _scope(self, statement: Any) -> Scope:
        """Return what can be named in a change: the table itself, by its own name."""
        relation = statement.relation
        known = self._froms.columns(relation.schemaname or "public", relation.relname)
        fields = tuple(
            Field(name, Typed(kind, self._dialect.read(column(name, relation.relname), kind)))
            for name, kind in known.items()
        )
        name = relation.alias.aliasname if relation.alias is not None else relation.relname
        return Scope(sources=[Source(name, relation.relname, fields)])

    def _assigned(self, node: Any, kind: str, scope: Scope) -> Node:
        """Return a value of a column's type, as PostgreSQL would assign it."""
        if isinstance(node, ast.SetToDefault):
            if self._dialect.name == "sqlite":
                raise NotTranslatedError("DEFAULT is not translated to sqlite", hint="leave the column out")
            return exp.Var(this="DEFAULT")
        if isinstance(node, ast.SQLValueFunction) or _is_now(node):
            return self._queries.expressions.moment(kind if kind in {"date", "timestamp", "timestamptz"} else "x").sql
        value = self._queries.values.settle(self._queries.expressions.any(node, scope), kind)
        if value.kind == kind:
            return value.sql
        whole = {value.kind, kind} <= {"int4", "int8"}
        if whole or (kind in NUMBERS and value.kind in NUMBERS and NUMBERS.index(value.kind) < NUMBERS.index(kind)):
            return value.sql
        raise NotTranslatedError(f"a {value.kind} is not put into a column of the type {kind}", hint="cast it")

    def _returned(self, change: Node, statement: Any) -> tuple[Node, tuple[Column, ...]]:
        clause = statement.returningClause
        if clause is None:
            return change, ()
        if self._dialect.name == "mysql":
            raise NotTranslatedError("RETURNING is not translated to mysql", hint="SELECT it afterwards")
        scope = self._scope(statement)
        made: list[Node] = []
        columns: list[Column] = []
        for target in clause.exprs:
            value = self._queries.expressions.typed(target.val, scope)
            columns.append(Column(target.name or name_of(target.val), value.kind))
            made.append(exp.Alias(this=value.sql, alias=quoted(own_name(len(made)))))
        change.set("returning", exp.Returning(expressions=made))
        return change, tuple(columns)


def _kind(kinds: dict[str, str], name: str) -> str:
    if name not in kinds:
        raise StatementRefusedError(f"there is no column {name}", sqlstate="42703")
    return kinds[name]


def _is_now(node: Any) -> bool:
    return is_a(node, ast.FuncCall) and bool(node.funcname[-1].sval == "now") and not node.args

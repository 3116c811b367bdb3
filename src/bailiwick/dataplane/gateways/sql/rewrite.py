"""Rewriting: an app's statement in, the statement that this person's grant makes of it out. Pure.

The statement is parsed with PostgreSQL's own grammar, so what is checked is what PostgreSQL would parse. Each table is
replaced by a subselect with the granted rows and columns only, masked where the grant says so; whatever the statement
does with a table, it does to that. `OFFSET 0` fences the subselect: without it the planner could run the app's own
conditions before the row filter, and a condition that fails (`1/0`) would tell about rows that the person may not see
(PostgreSQL documentation, 41.5 "Rules and Privileges", on leaky views).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pglast import ast, parse_sql
from pglast.parser import ParseError, fingerprint, normalize
from pglast.stream import RawStream

from bailiwick.core.grants import DataGrant, Operation, RowCondition, TableGrant
from bailiwick.dataplane.gateways.sql import grammar
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.pieces import Tree, all_of, column_text, expression, literal, quoted
from bailiwick.dataplane.gateways.sql.walking import Walker

MAX_STATEMENT_CHARACTERS = 100_000
ROW_CHECK_MARK = "bailiwick-row-check"
_DRIVER_FINGERPRINTS = frozenset(fingerprint(question) for question in grammar.DRIVER_QUESTIONS)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What may be sent: the SQL, what kind of operation it is, which tables it touches, and its text without values."""

    sql: str
    operation: str
    tables: tuple[str, ...]
    normalised: str


def rewrite(sql: str, grant: DataGrant, attributes: Mapping[str, str]) -> Rewritten:
    """Return what a statement becomes under a grant, for a person with these attributes.

    Raises `StatementRefusedError` for anything that is not clearly allowed.
    """
    if len(sql) > MAX_STATEMENT_CHARACTERS:
        raise StatementRefusedError(
            f"the statement is longer than {MAX_STATEMENT_CHARACTERS} characters", sqlstate="54001"
        )
    try:
        statements = parse_sql(sql)
        normalised = normalize(sql)
    except (ParseError, UnicodeError, ValueError) as fault:
        raise StatementRefusedError(f"the statement does not parse: {_first(fault)}", sqlstate="42601") from None
    except RecursionError:
        raise StatementRefusedError("the statement is nested too deeply", sqlstate="54001") from None
    if not statements:
        return Rewritten("", "empty", (), "")
    if len(statements) > 1:
        raise StatementRefusedError(
            "one call holds several statements", hint="send each statement in a call of its own", sqlstate="42601"
        )
    return _Rewriter(grant, attributes).run(statements[0].stmt, sql, normalised)


@lru_cache(maxsize=1000)
def moves_no_data(sql: str) -> bool:
    """Return whether a statement only begins or ends a transaction, so that no row is read or written by it."""
    try:
        statements = parse_sql(sql)
    except (ParseError, UnicodeError, ValueError, RecursionError):
        return False
    return len(statements) == 1 and type(statements[0].stmt).__name__ == "TransactionStmt"


def _require_one(printed: str, kind: str) -> None:
    """Return when what was printed is one statement of the same kind; raise otherwise.

    The printer leaves names of savepoints as they are where they are released or rolled back to: without this, a name
    would be a statement that nobody looked at.
    """
    try:
        kinds = [type(found.stmt).__name__ for found in parse_sql(printed)]
    except (ParseError, UnicodeError, ValueError, RecursionError):
        kinds = []
    if kinds != [kind]:
        raise StatementRefusedError("the statement does not mean the same once it is written anew", sqlstate="42601")


def _first(fault: Exception) -> str:
    return str(fault.args[0] if fault.args else fault)[:200]


class _Rewriter:
    def __init__(self, grant: DataGrant, attributes: Mapping[str, str]) -> None:
        self._grant = grant
        self._attributes = attributes
        self._tables = {(table.namespace, table.relation): table for table in grant.tables}
        self._touched: dict[str, None] = {}
        self._walker = Walker(self._seen)

    def run(self, statement: Any, sql: str, normalised: str) -> Rewritten:
        kind = type(statement).__name__
        handlers: dict[str, Callable[[Tree], None]] = {
            "SelectStmt": self._select,
            "InsertStmt": self._insert,
            "UpdateStmt": self._update,
            "DeleteStmt": self._delete,
        }
        if kind in handlers:
            if kind == "SelectStmt" and fingerprint(sql) in _DRIVER_FINGERPRINTS:
                return Rewritten(RawStream()(statement), "select", ("pg_type",), normalised)
            try:
                handlers[kind](statement)
                printed = RawStream()(statement)
            except RecursionError:
                raise StatementRefusedError("the statement is nested too deeply", sqlstate="54001") from None
            _require_one(printed, kind)
            return Rewritten(printed, kind.removesuffix("Stmt").lower(), tuple(self._touched), normalised)
        self._session_statement(statement, kind)
        printed = RawStream()(statement)
        _require_one(printed, kind)
        return Rewritten(printed, "session", (), normalised)

    # -- statements ----------------------------------------------------------------------------------------------

    def _select(self, statement: Tree) -> None:
        self._walker.walk(statement)

    def _insert(self, statement: Tree) -> None:
        table = self._target(statement.relation, Operation.INSERT)
        if statement.withClause or statement.onConflictClause or not statement.cols:
            raise StatementRefusedError(
                "an INSERT names its columns and has no WITH or ON CONFLICT",
                hint="INSERT INTO table (column, …) VALUES (…)",
            )
        names = [self._plain_name(target) for target in statement.cols]
        for name in names:
            self._require_writable(table, name)
        self._check_returning(statement.returningClause, table)
        source = statement.selectStmt
        self._walker.walk(source)
        self._hold_new_rows(statement, table, names, source)

    def _update(self, statement: Tree) -> None:
        table = self._target(statement.relation, Operation.UPDATE)
        if statement.withClause or statement.fromClause:
            raise StatementRefusedError("an UPDATE has no WITH or FROM here", hint="use a subselect in WHERE")
        filtered = {condition.column for condition in table.rows}
        for target in statement.targetList:
            name = self._plain_name(target)
            self._require_writable(table, name)
            if name in filtered:
                raise StatementRefusedError(f"{table.relation}.{name} decides who sees a row and cannot be changed")
        self._check_own_columns([statement.targetList, statement.whereClause], table, statement.relation)
        self._check_returning(statement.returningClause, table)
        for part in (statement.targetList, statement.whereClause):
            self._walker.walk(part)
        statement.whereClause = self._guarded(statement.whereClause, table)

    def _delete(self, statement: Tree) -> None:
        table = self._target(statement.relation, Operation.DELETE)
        if statement.withClause or statement.usingClause:
            raise StatementRefusedError("a DELETE has no WITH or USING here", hint="use a subselect in WHERE")
        self._check_own_columns([statement.whereClause], table, statement.relation)
        self._check_returning(statement.returningClause, table)
        self._walker.walk(statement.whereClause)
        statement.whereClause = self._guarded(statement.whereClause, table)

    def _session_statement(self, statement: Any, kind: str) -> None:
        allowed = False
        if kind == "TransactionStmt":
            allowed = statement.kind.name in grammar.TRANSACTION_KINDS
        elif kind == "VariableSetStmt":
            name = (statement.name or "").lower()
            allowed = name in grammar.SETTINGS or name in {"transaction", "session characteristics"}
        elif kind == "VariableShowStmt":
            allowed = (statement.name or "").lower() in grammar.READABLE_SETTINGS
        elif kind == "DeallocateStmt":
            allowed = True
        if not allowed:
            words = kind.removesuffix("Stmt")
            raise StatementRefusedError(
                f"statements of the kind {words} are not passed on",
                hint="SELECT, INSERT, UPDATE, DELETE, transactions and a few settings are",
            )

    # -- tables --------------------------------------------------------------------------------------------------

    def _granted(self, relation: Tree, operation: Operation) -> TableGrant:
        namespace = relation.schemaname or "public"
        table = self._tables.get((namespace, relation.relname))
        if table is None or relation.catalogname:
            raise StatementRefusedError(
                f"the table {relation.relname} is not in this app's grant on {self._grant.integration}",
                hint="ask for it under access in bailiwick.toml; the next deploy then needs approval",
            )
        if operation not in table.operations:
            raise StatementRefusedError(
                f"this app's grant on {self._grant.integration} does not let it {operation.value} in {table.relation}",
                hint=f"it may {', '.join(sorted(table.operations))}",
            )
        self._touched[table.relation] = None
        return table

    def _target(self, relation: Tree, operation: Operation) -> TableGrant:
        table = self._granted(relation, operation)
        relation.schemaname = table.namespace
        return table

    def _seen(self, relation: Tree) -> Tree:
        """Return the subselect that stands for a table: granted columns, masks, rows of this person."""
        table = self._granted(relation, Operation.SELECT)
        columns = ", ".join(column_text(column) for column in table.columns if column.readable)
        conditions = " AND ".join(self._condition(condition) for condition in table.rows)
        # Names come from the grant, which was checked when it was given, and are quoted besides.
        source = f"SELECT {columns} FROM {quoted(table.namespace)}.{quoted(table.relation)}"  # noqa: S608
        if conditions:
            source += f" WHERE {conditions}"
        if conditions or any(column.mask for column in table.columns):
            source += " OFFSET 0"
        alias = relation.alias or ast.Alias(aliasname=relation.relname)
        return ast.RangeSubselect(lateral=False, subquery=parse_sql(source)[0].stmt, alias=alias)

    def _condition(self, condition: RowCondition) -> str:
        return f"{quoted(condition.column)} = {literal(self._value(condition))}"

    def _value(self, condition: RowCondition) -> str:
        if condition.equals is not None:
            return condition.equals
        name = condition.equals_attribute or ""
        value = self._attributes.get(name)
        if value is None:
            raise StatementRefusedError(
                f"these rows are given by a person's {name}, and no person with one is behind this statement",
                hint="run it while serving a person's request, on the connection's own trace",
                deciders=("some-data-needs-a-person",),
            )
        return value

    # -- new and changed rows ------------------------------------------------------------------------------------

    def _hold_new_rows(self, statement: Tree, table: TableGrant, names: list[str], source: Any) -> None:
        """Make new rows meet the row conditions: missing values are added, given ones checked as the row is made."""
        if not table.rows:
            return
        if source is None or source.valuesLists is None:
            raise StatementRefusedError(
                f"rows of {table.relation} are limited, so they are given as VALUES here", hint="insert row by row"
            )
        for condition in table.rows:
            value = literal(self._value(condition))
            if condition.column not in names:
                statement.cols = (*statement.cols, ast.ResTarget(name=condition.column))
                source.valuesLists = tuple((*row, expression(value)) for row in source.valuesLists)
                continue
            place = names.index(condition.column)
            source.valuesLists = tuple(
                (*row[:place], self._checked_value(row[place], value, condition.column), *row[place + 1 :])
                for row in source.valuesLists
            )

    def _checked_value(self, given: Any, wanted: str, column: str) -> Any:
        inner = given
        while isinstance(inner, ast.TypeCast):
            inner = inner.arg
        if not isinstance(inner, ast.A_Const | ast.ParamRef):
            raise StatementRefusedError(f"{column} decides who sees a row: give it as a plain value")
        text = RawStream()(given)
        # A value that does not fit makes the cast fail when the row is made, which is told apart by its mark.
        mark = f"CAST(concat('{ROW_CHECK_MARK}:{column}:', CAST({text} AS text)) AS int4)"
        return expression(f"CASE WHEN CAST({text} AS text) = {wanted} THEN {wanted} ELSE CAST({mark} AS text) END")

    def _guarded(self, where: Tree, table: TableGrant) -> Tree:
        """Return a condition that asks the app's own only of rows that the grant gives: CASE keeps its order."""
        if not table.rows:
            return where
        conditions = " AND ".join(self._condition(condition) for condition in table.rows)
        own = RawStream()(where) if where is not None else "TRUE"
        return expression(f"CASE WHEN {conditions} THEN ({own}) ELSE FALSE END")

    def _require_writable(self, table: TableGrant, name: str) -> None:
        if not any(column.name == name and column.writable for column in table.columns):
            raise StatementRefusedError(f"this app's grant does not let it write {table.relation}.{name}")

    def _plain_name(self, target: Tree) -> str:
        if target.indirection:
            raise StatementRefusedError("parts of a column cannot be written one by one")
        return str(target.name)

    def _check_own_columns(self, parts: list[Any], table: TableGrant, relation: Tree) -> None:
        """Refuse conditions and values that read a column of the target which is masked or not granted.

        The target of UPDATE and DELETE is the table itself, not a subselect, so its columns are checked by name.
        """
        readable = {column.name for column in table.columns if column.readable and column.mask is None}
        for reference in all_of(parts, ast.ColumnRef):
            last = reference.fields[-1]
            name = last.sval if isinstance(last, ast.String) else "*"
            if name not in readable:
                raise StatementRefusedError(
                    f"{table.relation}.{name} cannot be read in a statement that changes {relation.relname}",
                    hint="columns that are masked or not granted cannot be compared or returned",
                )

    def _check_returning(self, returning: Any, table: TableGrant) -> None:
        if returning is None:
            return
        if returning.options:
            raise StatementRefusedError("RETURNING WITH is not passed on")
        if Operation.SELECT not in table.operations:
            raise StatementRefusedError(
                f"this app's grant does not let it read {table.relation}, so nothing is returned"
            )
        self._check_own_columns([returning.exprs], table, ast.RangeVar(relname=table.relation))
        self._walker.walk(returning.exprs)

"""Rewriting: an app's statement in, the statement that this person's grant makes of it out. Pure.

The statement is parsed with PostgreSQL's own grammar, so what is checked is what PostgreSQL would parse. Each table is
replaced by a subselect with the granted rows and columns only, masked where the grant says so; whatever the statement
does with a table, it does to that. `OFFSET 0` fences the subselect: without it the planner could run the app's own
conditions before the row filter, and a condition that fails (`1/0`) would tell about rows that the person may not see
(PostgreSQL documentation, 41.5 "Rules and Privileges", on leaky views).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pglast import ast, parse_sql
from pglast.parser import ParseError, normalize

from bailiwick.core.grants import DataGrant, Operation, TableGrant
from bailiwick.core.sql_functions import AllowedFunction
from bailiwick.dataplane.gateways.sql import grammar
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.groups import Grouped, Scope, calls_of, grouped_source, only_table
from bailiwick.dataplane.gateways.sql.keyed import MaskedBy
from bailiwick.dataplane.gateways.sql.pieces import Tree, quoted, statement_text
from bailiwick.dataplane.gateways.sql.rows import RowFilter
from bailiwick.dataplane.gateways.sql.settings import check_setting
from bailiwick.dataplane.gateways.sql.shown_keys import ShownKeys, shown_keys
from bailiwick.dataplane.gateways.sql.walking import Walker
from bailiwick.dataplane.gateways.sql.writes import ROW_CHECK_MARK, Writing

__all__ = ["MAX_STATEMENT_CHARACTERS", "ROW_CHECK_MARK", "Rewritten", "moves_no_data", "rewrite"]
MAX_STATEMENT_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What may be sent: the SQL, what kind of operation it is, which tables it touches, and its text without values.

    `shown` is where the keys of rows are in its answer, of tables whose rows are logged.
    """

    sql: str
    operation: str
    tables: tuple[str, ...]
    normalised: str
    shown: tuple[ShownKeys, ...] = ()


def rewrite(
    sql: str,
    grant: DataGrant,
    attributes: Mapping[str, str],
    functions: Iterable[AllowedFunction] = (),
    masked_by: MaskedBy = MaskedBy.DATABASE,
) -> Rewritten:
    """Return what a statement becomes under a grant, for a person with these attributes.

    `functions` of the database may be called beside those that only compute from their arguments; `masked_by` says who
    makes masks with the key.

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
    return _Rewriter(grant, RowFilter(attributes, masked_by), functions).run(statements[0].stmt, normalised)


@lru_cache(maxsize=1000)
def moves_no_data(sql: str) -> bool:
    """Return whether a statement only begins or ends a transaction, so that no row is read or written by it."""
    try:
        statements = parse_sql(sql)
    except (ParseError, UnicodeError, ValueError, RecursionError):
        return False
    return len(statements) == 1 and type(statements[0].stmt).__name__ == "TransactionStmt"


@lru_cache(maxsize=100)
def is_of_a_driver(normalised: str) -> bool:
    """Return whether a statement, its values left out, is one that drivers ask the catalog when they connect.

    The trees themselves are compared: a fingerprint is a short hash that somebody may find another statement for.
    """
    return any(parse_sql(normalised) == parse_sql(question) for question in grammar.DRIVER_QUESTIONS)


def _first(fault: Exception) -> str:
    return str(fault.args[0] if fault.args else fault)[:200]


class _Rewriter:
    def __init__(self, grant: DataGrant, rows: RowFilter, functions: Iterable[AllowedFunction]) -> None:
        self._grant = grant
        self._tables = {(table.namespace, table.relation): table for table in grant.tables}
        self._logs = any(table.row_log is not None for table in grant.tables)
        self._touched: dict[str, None] = {}
        self._rows = rows
        columns = frozenset(column.name for table in grant.tables for column in table.columns if column.readable)
        self._walker = Walker(self._seen, self._in_groups, columns, functions)
        self._writing = Writing(self._rows, self._walker)

    def run(self, statement: Any, normalised: str) -> Rewritten:
        kind = type(statement).__name__
        handlers: dict[str, Callable[[Tree], None]] = {
            "SelectStmt": self._select,
            "InsertStmt": self._insert,
            "UpdateStmt": self._update,
            "DeleteStmt": self._delete,
        }
        try:
            if kind not in handlers:
                self._session_statement(statement, kind)
                return Rewritten(statement_text(statement), "session", (), normalised)
            if kind == "SelectStmt" and is_of_a_driver(normalised):
                return Rewritten(statement_text(statement), "select", ("pg_type",), normalised)
            shown = shown_keys(statement, self._tables) if self._logs else ()
            handlers[kind](statement)
            printed = statement_text(statement)
        except RecursionError:
            raise StatementRefusedError("the statement is nested too deeply", sqlstate="54001") from None
        return Rewritten(printed, kind.removesuffix("Stmt").lower(), tuple(self._touched), normalised, shown)

    # -- statements ----------------------------------------------------------------------------------------------

    def _select(self, statement: Tree) -> None:
        self._walker.walk(statement)

    def _insert(self, statement: Tree) -> None:
        self._writing.insert(statement, self._target(statement.relation, Operation.INSERT))

    def _update(self, statement: Tree) -> None:
        self._writing.update(statement, self._target(statement.relation, Operation.UPDATE))

    def _delete(self, statement: Tree) -> None:
        self._writing.delete(statement, self._target(statement.relation, Operation.DELETE))

    def _session_statement(self, statement: Any, kind: str) -> None:
        allowed = kind == "DeallocateStmt"
        if kind == "TransactionStmt":
            allowed = statement.kind.name in grammar.TRANSACTION_KINDS
        elif kind == "VariableSetStmt":
            check_setting(statement, self._grant)
            allowed = True
        elif kind == "VariableShowStmt":
            allowed = (statement.name or "").lower() in grammar.READABLE_SETTINGS
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

    def _in_groups(self, select: Tree, scope: Scope) -> Grouped | None:
        relation = only_table(select, scope)
        table = self._tables.get((relation.schemaname or "public", relation.relname)) if relation is not None else None
        calls = calls_of(select, relation, table) if table is not None else []
        if table is None or not calls:
            return None
        self._granted(relation, Operation.SELECT)
        return Grouped(select, relation, calls, grouped_source(table, self._rows))

    def _seen(self, relation: Tree) -> Tree:
        """Return the subselect that stands for a table: granted columns, masks, rows of this person."""
        table = self._granted(relation, Operation.SELECT)
        conditions = self._rows.of(table)
        first = self._rows.text(table.rows[0]) if table.rows else ""
        shown = [column for column in table.columns if column.readable]
        columns = ", ".join(self._rows.column(column, first) for column in shown)
        # Names come from the grant, which was checked when it was given, and are quoted besides.
        source = f"SELECT {columns} FROM {quoted(table.namespace)}.{quoted(table.relation)}"  # noqa: S608
        if conditions:
            source += f" WHERE {conditions}"
        if conditions or any(self._rows.mask(column) for column in shown):
            source += " OFFSET 0"
        alias = relation.alias or ast.Alias(aliasname=relation.relname)
        return ast.RangeSubselect(lateral=False, subquery=parse_sql(source)[0].stmt, alias=alias)

"""Statements that change rows: only columns that may be written, only rows that are given, only values that fit."""

from collections.abc import Sequence
from typing import Any

from pglast import ast

from bailiwick.core.grants import AllOf, Operation, RowCondition, RowRule, TableGrant, conditions_of
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.pieces import Tree, all_of, expression, literal, quoted, text_of
from bailiwick.dataplane.gateways.sql.rows import RowFilter, while_it_lasts
from bailiwick.dataplane.gateways.sql.walking import Walker

ROW_CHECK_MARK = "bailiwick-row-check"


class Writing:
    """Holds changes to what a grant opens, for the person whose rows `rows` knows."""

    def __init__(self, rows: RowFilter, walker: Walker) -> None:
        self._rows = rows
        self._walker = walker

    def insert(self, statement: Tree, table: TableGrant) -> None:
        """Hold an INSERT to the grant of its table."""
        if statement.withClause or statement.onConflictClause or not statement.cols:
            raise StatementRefusedError(
                "an INSERT names its columns and has no WITH or ON CONFLICT",
                hint="INSERT INTO table (column, …) VALUES (…)",
            )
        names = [_plain_name(target) for target in statement.cols]
        for name in names:
            _require_writable(table, name)
        self._check_returning(statement.returningClause, table)
        self._walker.walk(statement.selectStmt)
        self._hold_new_rows(statement, table, names)

    def update(self, statement: Tree, table: TableGrant) -> None:
        """Hold an UPDATE to the grant of its table."""
        if statement.withClause or statement.fromClause:
            raise StatementRefusedError("an UPDATE has no WITH or FROM here", hint="use a subselect in WHERE")
        filtered = {condition.column for condition in conditions_of(table.rows)}
        for target in statement.targetList:
            name = _plain_name(target)
            _require_writable(table, name)
            if name in filtered:
                raise StatementRefusedError(f"{table.relation}.{name} decides who sees a row and cannot be changed")
        _check_own_columns([statement.targetList, statement.whereClause], table)
        self._check_returning(statement.returningClause, table)
        for part in (statement.targetList, statement.whereClause):
            self._walker.walk(part)
        for target in statement.targetList:
            for check in table.checks:
                if check.column == target.name:
                    target.val = self._checked(target.val, check, quoted(check.column))
        statement.whereClause = self._guarded(statement.whereClause, table)

    def delete(self, statement: Tree, table: TableGrant) -> None:
        """Hold a DELETE to the grant of its table."""
        if statement.withClause or statement.usingClause:
            raise StatementRefusedError("a DELETE has no WITH or USING here", hint="use a subselect in WHERE")
        _check_own_columns([statement.whereClause], table)
        self._check_returning(statement.returningClause, table)
        self._walker.walk(statement.whereClause)
        statement.whereClause = self._guarded(statement.whereClause, table)

    # -- new and changed rows ------------------------------------------------------------------------------------

    def _hold_new_rows(self, statement: Tree, table: TableGrant, names: list[str]) -> None:
        """Make new rows meet the conditions: missing values are added where they are given, others are checked."""
        source = statement.selectStmt
        if not table.rows and not table.checks and table.until is None:
            return
        if source is None or source.valuesLists is None:
            raise StatementRefusedError(
                f"rows of {table.relation} are limited, so they are given as VALUES here", hint="insert row by row"
            )
        decisive = _single(table.rows, table)
        for condition in decisive:
            # As they were given: a column may have several conditions, each of which puts another value there.
            if condition.column in names:
                _require_plain(source, names.index(condition.column), condition.column)
        for condition in (*decisive, *table.checks):
            if condition.column in names:
                self._check_given(source, table, condition, names.index(condition.column))
                continue
            value = self._rows.fixed(condition)
            if value is None:
                raise StatementRefusedError(
                    f"a new row of {table.relation} gives its {condition.column}",
                    hint="its value is checked, so it cannot be left to the database",
                )
            names.append(condition.column)
            statement.cols = (*statement.cols, ast.ResTarget(name=condition.column))
            source.valuesLists = tuple((*row, expression(literal(value))) for row in source.valuesLists)
        if table.until is not None:
            source.valuesLists = tuple(_while_it_lasts(row, names, table) for row in source.valuesLists)

    def _check_given(self, source: Tree, table: TableGrant, condition: RowCondition, place: int) -> None:
        # Values are compared as what the column makes of them.
        typed = _typed(table, condition.column)
        source.valuesLists = tuple(
            (*row[:place], self._checked(row[place], condition, typed), *row[place + 1 :]) for row in source.valuesLists
        )

    def _checked(self, given: Tree, condition: RowCondition, typed: str) -> Tree:
        """Return a value that is made only if it meets a condition, and else fails with our mark in the error."""
        if isinstance(given, ast.SetToDefault):
            raise StatementRefusedError(f"the value of {condition.column} is checked: give it as a value")
        value = f"CASE WHEN FALSE THEN {typed} ELSE {text_of(given)} END"
        # Not immutable, so not computed while planning, when the row that it is about may not even be there.
        mark = f"CAST(concat('{ROW_CHECK_MARK}:{condition.column}:') AS int4) = 0"
        meets = self._rows.comparison(condition, f"({value})")
        return expression(f"CASE WHEN {meets} THEN {value} WHEN {mark} THEN {value} END")

    def _guarded(self, where: Tree, table: TableGrant) -> Tree:
        """Return a condition that asks the app's own only of rows that the grant gives: CASE keeps its order."""
        conditions = self._rows.of(table)
        if not conditions:
            return where
        guard = expression(f"CASE WHEN {conditions} THEN TRUE ELSE FALSE END")
        if where is not None:
            guard.args[0].result = where
        return guard

    def _check_returning(self, returning: Any, table: TableGrant) -> None:
        if returning is None:
            return
        if returning.options:
            raise StatementRefusedError("RETURNING WITH is not passed on")
        if Operation.SELECT not in table.operations:
            raise StatementRefusedError(
                f"this app's grant does not let it read {table.relation}, so nothing is returned"
            )
        _check_own_columns([returning.exprs], table)
        self._walker.walk(returning.exprs)


def _typed(table: TableGrant, column: str) -> str:
    """Return a value of a column's type: a subselect of no rows."""
    return f"(SELECT {quoted(column)} FROM {quoted(table.namespace)}.{quoted(table.relation)} LIMIT 0)"  # noqa: S608


def _while_it_lasts(row: Sequence[Tree], names: Sequence[str], table: TableGrant) -> tuple[Tree, ...]:
    """Return the values of a new row, of which the first is made only while the grant has not ended."""
    place = next((place for place, value in enumerate(row) if not isinstance(value, ast.SetToDefault)), None)
    if place is None:
        raise StatementRefusedError(f"a new row of {table.relation} gives a value", hint="this grant ends some day")
    lasting = expression(f"CASE WHEN {while_it_lasts(table)} THEN TRUE ELSE {_typed(table, names[place])} END")
    lasting.args[0].result = row[place]
    return (*row[:place], lasting, *row[place + 1 :])


def _single(rules: Sequence[RowRule], table: TableGrant) -> list[RowCondition]:
    """Return the conditions that a new row must all meet."""
    found: list[RowCondition] = []
    for rule in rules:
        if isinstance(rule, AllOf):
            found += _single(rule.all_of, table)
        elif isinstance(rule, RowCondition) and rule.is_exact:
            found.append(rule)
        else:
            raise StatementRefusedError(
                f"rows of {table.relation} are limited in a way that a new row cannot be held to",
                hint="whoever gives the grant says it with equals, one_of, at_least and at_most",
            )
    return found


def _require_plain(source: Tree, place: int, column: str) -> None:
    if not all(_is_plain(row[place]) for row in source.valuesLists):
        raise StatementRefusedError(f"{column} decides who sees a row: give it as a plain value")


def _is_plain(value: Tree) -> bool:
    while isinstance(value, ast.TypeCast):
        value = value.arg
    return isinstance(value, ast.A_Const | ast.ParamRef)


def _require_writable(table: TableGrant, name: str) -> None:
    if not any(column.name == name and column.writable for column in table.columns):
        raise StatementRefusedError(f"this app's grant does not let it write {table.relation}.{name}")


def _plain_name(target: Tree) -> str:
    if target.indirection:
        raise StatementRefusedError("parts of a column cannot be written one by one")
    return str(target.name)


def _check_own_columns(parts: list[Any], table: TableGrant) -> None:
    """Refuse conditions and values that read a column of the target which is masked or not granted.

    The target of UPDATE and DELETE is the table itself, not a subselect, so its columns are checked by name; and where
    the grant reads nothing of it, how many rows fit a condition would tell of them, so there is none.
    """
    may_read = Operation.SELECT in table.operations
    readable = {column.name for column in table.columns if may_read and column.readable and column.mask is None}
    for reference in all_of(parts, ast.ColumnRef):
        last = reference.fields[-1]
        name = last.sval if isinstance(last, ast.String) else "*"
        if name not in readable:
            raise StatementRefusedError(
                f"{table.relation}.{name} cannot be read in a statement that changes {table.relation}",
                hint="columns that are masked or not granted cannot be compared or returned",
            )

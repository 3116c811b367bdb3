"""Columns that are read in groups only: sums, averages and counts of them, each of so many rows or more.

A limit on the size of a group alone holds nothing: two groups that differ by one row tell what that row holds. So rows
are put into cells, by all columns that the grant groups by; a cell with too few values gives none of them to anything,
and a statement can choose and group by these columns only. Whatever it adds up is then made of whole cells, of which
each is large enough, and so is what two answers differ by.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pglast import ast, parse_sql

from bailiwick.core.grants import TableGrant
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.fields import INNER
from bailiwick.dataplane.gateways.sql.pieces import Tree, all_of, quoted
from bailiwick.dataplane.gateways.sql.rows import RowFilter

# The names that WITH gives.
Scope = frozenset[str]
# The least and the largest value are those of one row.
_AGGREGATES = frozenset(["sum", "avg", "count"])


@dataclass(frozen=True)
class Grouped:
    """A SELECT that reads columns in groups only, its one table, its calls, and what stands for the table."""

    select: Tree
    relation: Tree
    calls: Sequence[Tree]
    source: str

    def __post_init__(self) -> None:
        """Leave the table out while the rest of the statement is looked at."""
        self.select.fromClause = None

    def put_in(self) -> None:
        """Have the calls read the column that gives values of large cells only."""
        for call in self.calls:
            call.args = (ast.ColumnRef(fields=(ast.String(sval=f"{INNER}{_column(call)}"),)),)
        alias = self.relation.alias or ast.Alias(aliasname=self.relation.relname)
        self.select.fromClause = (
            ast.RangeSubselect(lateral=False, subquery=parse_sql(self.source)[0].stmt, alias=alias),
        )


def only_table(select: Tree, scope: Scope) -> Tree | None:
    """Return the one table that a SELECT reads, if it is one."""
    sources: Sequence[Tree] = select.fromClause or ()
    if len(sources) != 1 or not isinstance(sources[0], ast.RangeVar):
        return None
    relation: Tree = sources[0]
    common = relation.schemaname is None and relation.relname in scope
    return None if common or relation.catalogname or relation.inh is False else relation


def calls_of(select: Tree, relation: Tree, table: TableGrant) -> list[Tree]:
    """Return the calls in a SELECT that read columns in groups; refuse one in which more could come out."""
    alias = relation.alias.aliasname if relation.alias else relation.relname
    calls = [call for call in all_of([select], ast.FuncCall) if _reads_in_groups(call, alias, table)]
    if not calls:
        return []
    if select.withClause or len(all_of([select], ast.SelectStmt)) > 1 or (relation.alias and relation.alias.colnames):
        raise StatementRefusedError(
            f"{_column(calls[0])} is read in groups only: by a plain SELECT of {table.relation} alone",
            hint="without subselects, and without new names for its columns",
        )
    for call in calls:
        if call.agg_distinct or call.agg_filter or call.agg_order or call.over or call.agg_within_group:
            raise StatementRefusedError(f"{_column(call)} is read by sum, avg and count as they are")
    inside = {id(call.args[0]) for call in calls}
    for reference in all_of([select], ast.ColumnRef):
        if id(reference) not in inside:
            _check_outside(reference, alias, table)
    return calls


def grouped_source(table: TableGrant, rows: RowFilter) -> str:
    """Return the query that stands for a table that is read in groups: what to group by, and values of large cells."""
    cells = ", ".join(map(quoted, table.groups))
    cell = f"PARTITION BY {cells}" if cells else ""
    seen = rows.text(table.rows[0]) if table.rows else ""
    shown = [rows.column(column, seen) for column in table.columns if column.readable and column.name in table.groups]
    for column in table.columns:
        if column.in_groups_of is not None:
            name = quoted(column.name)
            size = f"count({name}) OVER ({cell})"
            shown.append(f"CASE WHEN {size} >= {column.in_groups_of} THEN {name} END AS {quoted(INNER + column.name)}")
    conditions = rows.of(table)
    where = f" WHERE {conditions}" if conditions else ""
    # Names come from the grant, which was checked when it was given, and are quoted besides.
    return f"SELECT {', '.join(shown)} FROM {quoted(table.namespace)}.{quoted(table.relation)}{where} OFFSET 0"  # noqa: S608


def _reads_in_groups(call: Tree, alias: str, table: TableGrant) -> bool:
    names = [part.sval for part in call.funcname]
    grouped = {column.name for column in table.columns if column.in_groups_of is not None}
    if names[-1] not in _AGGREGATES or names[:-1] not in ([], ["pg_catalog"]) or len(call.args or ()) != 1:
        return False
    fields: Sequence[Tree] = getattr(call.args[0], "fields", ()) if isinstance(call.args[0], ast.ColumnRef) else ()
    if not fields or not all(isinstance(part, ast.String) for part in fields):
        return False
    return fields[-1].sval in grouped and (len(fields) == 1 or fields[-2].sval == alias)


def _check_outside(reference: Tree, alias: str, table: TableGrant) -> None:
    """Refuse the whole row, and whatever else could be one (`fields`)."""
    names = [str(part.sval) if isinstance(part, ast.String) else "*" for part in reference.fields]
    if "*" in names or names == [alias] or (len(names) > 1 and names[-2] == alias and names[-1] not in table.groups):
        raise StatementRefusedError(
            f"{'.'.join(names)[:80]} cannot stand in a statement that reads in groups",
            hint=f"it may name {', '.join(table.groups)}" if table.groups else "only sum, avg and count of columns",
        )


def _column(call: Tree) -> str:
    return str(call.args[0].fields[-1].sval)

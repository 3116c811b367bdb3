"""Fields of values and tables: PostgreSQL takes `x.f` for `f(x)` when there is no column `f`, which must call nothing.

So `('a'::text).pg_read_file` would read a file, and `f.lo_import` after `FROM concat('a') AS f` would store one: a
function is reached without being called (PostgreSQL documentation, 36.4.3 "SQL Functions on Composite Types"; parser,
ParseFuncOrColumn). Three rules close it whatever functions a server has: a field of a table is written as `t.f`, where
only a table has fields; a field of another value bears a name that an allowed function gives; and a function in FROM
stands in a subselect, whose whole row is then a record, on which no function but those of
`grammar.FUNCTIONS_OF_RECORDS` can be called.
"""

from collections.abc import Collection

from pglast import ast

from bailiwick.dataplane.gateways.sql import grammar
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.pieces import Tree, expression

_QUALIFIED = 2
# Names that a rewriting gives inside (`groups`): a statement cannot say them.
INNER = "bailiwick_in_groups_"


def as_reference(node: Tree) -> Tree:
    """Return `(table).name` as `table.name`; any other node as it is."""
    if not isinstance(node, ast.A_Indirection) or not isinstance(node.arg, ast.ColumnRef):
        return node
    table: Tree = node.arg.fields
    field: Tree = node.indirection
    if len(table) > 1 or len(field) > 1 or not all(isinstance(part, ast.String) for part in (*table, *field)):
        return node
    return ast.ColumnRef(fields=(*table, *field))


def check_field(node: Tree, known: Collection[str] = grammar.FIELDS) -> None:
    """Refuse `(value).name` where the name is not clearly that of a field."""
    for name in _names(node.indirection):
        if name not in known:
            raise StatementRefusedError(
                f"the field {name[:80]} is not passed on", hint="name a column of a table that is granted"
            )


def check_reference(node: Tree, columns: Collection[str]) -> None:
    """Refuse `table.name` where the name may be that of a function; a schema before the table is left out."""
    if len(node.fields) > _QUALIFIED:
        # Each table is read under its own name or alias from here on.
        node.fields = node.fields[-_QUALIFIED:]
    if any(name.startswith(INNER) for name in _names(node.fields)):
        raise StatementRefusedError(f"names that begin with {INNER} are not passed on")
    for name in _names(node.fields[1:]):
        if _is_function(name) and name not in columns:
            raise StatementRefusedError(f"the field {name[:80]} is not passed on")


def as_table(node: Tree) -> Tree:
    """Return a function in FROM as a subselect of it, under the same name and with the same columns."""
    if node.alias is None:
        node.alias = ast.Alias(aliasname=_name_of(node))
    outside = ast.Alias(aliasname=node.alias.aliasname, colnames=node.alias.colnames)
    select: Tree = expression("(SELECT * FROM x)").subselect
    select.fromClause = (node,)
    return ast.RangeSubselect(lateral=True, subquery=select, alias=outside)


def _name_of(node: Tree) -> str:
    """Return the name that PostgreSQL gives to a function in FROM: its own, of the first one."""
    names = [part.sval for part in getattr(node.functions[0][0], "funcname", None) or ()]
    return str(names[-1]) if names else "unnamed"


def _names(parts: Tree) -> list[str]:
    return [str(part.sval) for part in parts if isinstance(part, ast.String)]


def _is_function(name: str) -> bool:
    return name in grammar.FUNCTIONS_OF_RECORDS or name.startswith(("pg_", "lo_", "binary_upgrade_"))

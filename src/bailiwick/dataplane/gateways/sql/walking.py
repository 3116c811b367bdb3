"""Walking a statement: everything in it is of a known kind, and each table is replaced by what stands for it. Pure."""

from collections.abc import Callable, Iterable

from pglast import ast, enums

from bailiwick.core.sql_functions import AllowedFunction
from bailiwick.dataplane.gateways.sql import grammar
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.fields import as_reference, as_table, check_field, check_reference
from bailiwick.dataplane.gateways.sql.groups import Grouped, Scope
from bailiwick.dataplane.gateways.sql.pieces import Tree, expression

_DEEPEST = 120
_QUALIFIED = 2
# Operators stand in calls, behind ANY and ALL, and behind ORDER BY … USING.
OPERATORS_OF = {"A_Expr": "name", "SubLink": "operName", "SortBy": "useOp"}


class Walker:
    """Refuses whatever is not clearly allowed.

    `seen` returns what stands in the place of a table that is read, `in_groups` what does where a SELECT reads columns
    of one in groups only; `columns` are the names of those that are granted, and `functions` those of the database
    itself that were allowed.
    """

    def __init__(
        self,
        seen: Callable[[Tree], Tree],
        in_groups: Callable[[Tree, Scope], Grouped | None],
        columns: frozenset[str],
        functions: Iterable[AllowedFunction] = (),
    ) -> None:
        self._seen = seen
        self._in_groups = in_groups
        self._columns = columns
        self._functions = {(item.namespace, item.name, len(item.arguments)): item for item in functions}

    def walk(self, node: Tree) -> Tree:
        """Check a node and all below it, and return what stands in its place."""
        return self._walk(node, frozenset(), 0)

    def _walk(self, node: Tree, scope: Scope, depth: int) -> Tree:
        if depth > _DEEPEST:
            raise StatementRefusedError("the statement is nested too deeply", sqlstate="54001")
        if isinstance(node, tuple):
            return tuple(self._walk(item, scope, depth + 1) for item in node)
        if not isinstance(node, ast.Node):
            return node
        return self._walk_node(node, scope, depth)

    def _walk_node(self, node: Tree, scope: Scope, depth: int) -> Tree:
        node = as_reference(node)
        kind = type(node).__name__
        if kind not in grammar.NODES:
            raise StatementRefusedError(f"{kind} is not passed on", hint="say it with plain SQL")
        if isinstance(node, ast.RangeVar):
            return self._range_var(node, scope)
        grouped = None
        if isinstance(node, ast.SelectStmt):
            scope = self._enter_select(node, scope, depth)
            grouped = self._in_groups(node, scope)
        elif kind in {"InsertStmt", "UpdateStmt", "DeleteStmt"}:
            raise StatementRefusedError("a statement that changes data cannot stand inside another")
        else:
            self._check_node(node, kind)
        for slot in node.__slots__:
            if slot == "withClause":
                continue
            value = getattr(node, slot, None)
            if isinstance(value, tuple | ast.Node):
                setattr(node, slot, self._walk(value, scope, depth + 1))
        if grouped is not None:
            grouped.put_in()
        return as_table(node) if isinstance(node, ast.RangeFunction) else node

    def _range_var(self, node: Tree, scope: Scope) -> Tree:
        if node.schemaname is None and node.catalogname is None and node.relname in scope:
            return node
        if node.inh is False:
            raise StatementRefusedError("ONLY is not passed on")
        return self._seen(node)

    def _enter_select(self, node: Tree, scope: Scope, depth: int) -> Scope:
        if node.intoClause or node.lockingClause:
            raise StatementRefusedError("SELECT INTO and row locks are not passed on")
        clause = node.withClause
        if clause is None:
            return scope
        names = frozenset(common.ctename for common in clause.ctes)
        known = scope | names if clause.recursive else scope
        for common in clause.ctes:
            if common.search_clause or common.cycle_clause:
                raise StatementRefusedError("SEARCH and CYCLE are not passed on")
            common.ctequery = self._walk(common.ctequery, known, depth + 1)
            known = known | {common.ctename}
        return scope | names

    def _check_node(self, node: Tree, kind: str) -> None:
        match kind:
            case "FuncCall":
                self._check_function(node)
            case "A_Expr" | "SubLink" | "SortBy":
                check_operators(node, kind)
            case "ColumnRef":
                check_reference(node, self._columns)
            case "A_Indirection":
                check_field(node)
            case _:
                self._check_rarer(node, kind)

    def _check_function(self, node: Tree) -> None:
        names = tuple(str(part.sval) for part in node.funcname)
        arguments = node.args or ()
        named = (names[0], names[-1], len(arguments))
        allowed = self._functions.get(named) if len(names) == _QUALIFIED else None
        if allowed is None:
            _check_name(node.funcname, grammar.FUNCTIONS, "the function")
            return
        special = (node.agg_star, node.agg_distinct, node.agg_filter, node.agg_order, node.over, node.func_variadic)
        if any(special) or any(isinstance(argument, ast.NamedArgExpr) for argument in arguments):
            raise StatementRefusedError(f"{'.'.join(names)[:80]} is called with its arguments in order, and alone")
        if arguments:
            # With the very types it is this function, and no other of its name.
            casts = [_cast(argument, kind) for argument, kind in zip(arguments, allowed.arguments, strict=True)]
            node.args = tuple(casts)

    def _check_rarer(self, node: Tree, kind: str) -> None:
        if kind == "TypeName":
            _check_name(node.names, grammar.TYPES, "the type")
            if node.pct_type or node.setof:
                raise StatementRefusedError("types taken from columns are not passed on")
        elif kind == "SQLValueFunction":
            if enums.SQLValueFunctionOp(node.op).name not in grammar.VALUE_FUNCTIONS:
                raise StatementRefusedError("the name of the database's role is not told")
        elif kind == "CollateClause":
            _check_name(node.collname, grammar.COLLATIONS, "the collation")
        elif kind == "RangeFunction" and node.coldeflist:
            raise StatementRefusedError("functions with a list of column definitions are not passed on")


def _cast(argument: Tree, kind: str) -> Tree:
    """Return an argument as a value of a type of PostgreSQL itself."""
    cast = expression(f"CAST(x AS pg_catalog.{kind})")
    cast.arg = argument
    return cast


def check_operators(node: Tree, kind: str) -> None:
    """Refuse a node of a kind in `OPERATORS_OF` whose operator is not one of PostgreSQL itself that only computes."""
    name = getattr(node, OPERATORS_OF[kind])
    if name:
        _check_name(name, grammar.OPERATORS, "the operator")


def _check_name(parts: Tree, known: frozenset[str], what: str) -> None:
    names = [part.sval for part in parts]
    if names[-1] not in known or names[:-1] not in ([], ["pg_catalog"]):
        raise StatementRefusedError(
            f"{what} {'.'.join(names)[:80]} is not passed on",
            hint="only some of PostgreSQL itself are, which compute from their arguments",
        )

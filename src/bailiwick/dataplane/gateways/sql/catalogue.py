"""Questions about the catalogue, answered as it is seen through a grant: what is not granted is not there. Pure.

Drivers, psql and BI tools ask the database what it has. Each relation of the catalogue is replaced by the rows and
columns that the grant opens, fenced as tables are (`rewrite`), and each function that would tell more by an answer of
ours. Such a statement reads nothing else: no table of data stands in it.
"""

from pglast import ast, enums

from bailiwick.core.grants import NOISE_PERCENT, DataGrant, Mask
from bailiwick.dataplane.gateways.sql import catalogue_words as words
from bailiwick.dataplane.gateways.sql import grammar
from bailiwick.dataplane.gateways.sql.catalogue_names import NameReader, constant_text
from bailiwick.dataplane.gateways.sql.catalogue_view import View
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.fields import as_table, check_field, check_reference
from bailiwick.dataplane.gateways.sql.pieces import Tree, all_of, expression
from bailiwick.dataplane.gateways.sql.walking import OPERATORS_OF, check_operators

_DEEPEST = 120
_SCHEMAS = ("pg_catalog", "information_schema")
# Without any relation these questions are about the database too.
_TELLING = frozenset(words.CONSTANTS) | {"pg_advisory_unlock_all", "current_setting", "set_config", "to_regclass"}
_READABLE = grammar.READABLE_SETTINGS | {"jit", "server_version_num", "max_index_keys"}
# asyncpg switches the compiler off while it looks at types, which changes no answer.
_SETTABLE = frozenset({"jit"})


def is_asked(statement: Tree, grant: DataGrant) -> bool:
    """Return whether a SELECT is about the catalogue, and about no table that is granted."""
    relations = all_of([statement], ast.RangeVar)
    if any(_is_catalogue(relation, grant) for relation in relations):
        return True
    return not relations and any(_tells(node) for node in all_of([statement], ast.Node))


def answer(statement: Tree, grant: DataGrant) -> tuple[str, ...]:
    """Make of a SELECT what asks only for what the grant opens; return the relations that it asks.

    Raises `StatementRefusedError` for anything that is not clearly about what is granted.
    """
    reader = _Reader(grant)
    common = {found.ctename for found in all_of([statement], ast.CommonTableExpr)}
    # Such a name could be taken for the relation where PostgreSQL does not see the WITH.
    if any(name.startswith("pg_") for name in common):
        raise StatementRefusedError("a WITH query does not have the name of a catalogue", hint="name it otherwise")
    reader.common = frozenset(common)
    reader.walk(statement, 0)
    return tuple(reader.asked)


def _shown_as_text(mask: Mask | None) -> bool:
    """Return whether a mask makes text of a column: noise leaves numbers."""
    return mask not in {None, Mask.NULL, *NOISE_PERCENT}


def _is_catalogue(relation: Tree, grant: DataGrant) -> bool:
    if relation.schemaname is not None:
        return relation.schemaname in _SCHEMAS
    own = any(table.namespace == "public" and table.relation == relation.relname for table in grant.tables)
    return relation.relname.startswith("pg_") and not own


def _tells(node: Tree) -> bool:
    kind = type(node).__name__
    if kind == "FuncCall":
        return node.funcname[-1].sval in _TELLING
    if kind == "TypeName":
        return node.names[-1].sval in {"regclass", "regtype", "regnamespace"}
    return kind == "SQLValueFunction" and enums.SQLValueFunctionOp(node.op).name in words.VALUES


# What _pg_expandarray gives.
_FIELDS = frozenset(["x", "n"])


class _Reader:
    def __init__(self, grant: DataGrant) -> None:
        self.common: frozenset[str] = frozenset()
        self.asked: dict[str, None] = {}
        self._view = View(grant, hides=_shown_as_text)
        self._names = NameReader(self._view)

    def walk(self, node: Tree, depth: int) -> Tree:
        """Check a node and all below it, and return what stands in its place."""
        if depth > _DEEPEST:
            raise StatementRefusedError("the statement is nested too deeply", sqlstate="54001")
        if isinstance(node, tuple):
            return tuple(self.walk(item, depth + 1) for item in node)
        if not isinstance(node, ast.Node):
            return node
        kind = type(node).__name__
        if kind not in grammar.NODES or kind in {"InsertStmt", "UpdateStmt", "DeleteStmt"}:
            raise StatementRefusedError(f"{kind} is not passed on", hint="say it with plain SQL")
        if isinstance(node, ast.RangeVar):
            return self._relation(node)
        self._check(node, kind)
        for slot in node.__slots__:  # type: ignore[attr-defined]
            value = getattr(node, slot, None)
            if isinstance(value, tuple | ast.Node):
                setattr(node, slot, self.walk(value, depth + 1))
        return as_table(node) if isinstance(node, ast.RangeFunction) else self._in_place_of(node)

    def _relation(self, node: Tree) -> Tree:
        if node.schemaname is None and node.catalogname is None and node.relname in self.common:
            return node
        schema = node.schemaname or "pg_catalog"
        query = self._view.relation(schema, node.relname)
        if query is None or node.catalogname:
            raise StatementRefusedError(
                f"{schema}.{node.relname} is not shown here, and no other table in one statement with the catalogue"
            )
        self.asked[node.relname] = None
        alias = node.alias or ast.Alias(aliasname=node.relname)
        return ast.RangeSubselect(lateral=False, subquery=query, alias=alias)

    def _check(self, node: Tree, kind: str) -> None:
        if kind == "SelectStmt" and (node.intoClause or node.lockingClause):
            raise StatementRefusedError("SELECT INTO and row locks are not passed on")
        if kind == "CommonTableExpr" and (node.search_clause or node.cycle_clause):
            raise StatementRefusedError("SEARCH and CYCLE are not passed on")
        if kind == "RangeFunction" and node.coldeflist:
            raise StatementRefusedError("functions with a list of column definitions are not passed on")
        if kind == "TypeName":
            self._names.check_type(node)
        elif kind == "FuncCall":
            self._check_function(node)
        elif kind in OPERATORS_OF:
            check_operators(node, kind)
        elif kind == "A_Indirection":
            check_field(node, _FIELDS)
        elif kind == "CollateClause" and node.collname[-1].sval not in {"C", "POSIX", "default", "ucs_basic"}:
            raise StatementRefusedError(f"the collation {node.collname[-1].sval} is not passed on")
        elif kind == "ColumnRef" and len(node.fields) > 2 and isinstance(node.fields[0], ast.String):  # noqa: PLR2004
            # What stands for the relation has its name, and no schema.
            if node.fields[0].sval not in _SCHEMAS:
                raise StatementRefusedError("columns are named by their table here")
            node.fields = node.fields[1:]
        if kind == "ColumnRef":
            check_reference(node, ())

    def _check_function(self, node: Tree) -> None:
        *schema, name = [part.sval for part in node.funcname]
        if name in {"current_setting", "set_config"}:
            allowed = _READABLE if name == "current_setting" else _SETTABLE
            asked = node.args[0] if node.args else None
            if constant_text(asked).lower() in allowed and schema in ([], ["pg_catalog"]):
                return
        known = name in grammar.FUNCTIONS or name in words.FUNCTIONS or name in words.CONSTANTS
        if schema == ["information_schema"] and name == "_pg_expandarray":
            return
        if schema not in ([], ["pg_catalog"]) or not (known or self._names.answers(name)):
            raise StatementRefusedError(
                f"the function {'.'.join([*schema, name])[:80]} is not passed on",
                hint="only those that compute from their arguments are",
            )

    def _in_place_of(self, node: Tree) -> Tree:
        """Return what says instead of a node what may be said."""
        kind = type(node).__name__
        if kind == "FuncCall":
            name = node.funcname[-1].sval
            if name in words.CONSTANTS:
                return expression(self._view.filled(words.CONSTANTS[name]))
            return self._names.of_call(node, name) if self._names.answers(name) else node
        if kind == "TypeCast":
            return self._names.of_cast(node)
        if kind == "SQLValueFunction":
            name = enums.SQLValueFunctionOp(node.op).name
            if name in words.VALUES:
                return expression(self._view.filled(words.VALUES[name]))
        return node

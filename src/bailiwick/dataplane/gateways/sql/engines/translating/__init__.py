"""Translation: the statement that the grant made, as another database says it, with the same meaning or not at all.

PostgreSQL's own grammar is the only one that reads what comes in; each node of its tree becomes one of sqlglot's, with
a type, and what has no rule here is refused. Values are bound, names but those of granted tables and columns are ours.
"""

import re
from collections.abc import Mapping

from pglast import ast, parse_sql
from sqlglot import exp
from sqlglot.errors import SqlglotError

from bailiwick.dataplane.gateways.sql.engines.model import (
    ONLY_READ,
    DialectName,
    NotTranslatedError,
    Schema,
    Translated,
)
from bailiwick.dataplane.gateways.sql.engines.translating.changes import Changes
from bailiwick.dataplane.gateways.sql.engines.translating.checking import require_same
from bailiwick.dataplane.gateways.sql.engines.translating.dialects import Dialect, folded
from bailiwick.dataplane.gateways.sql.engines.translating.queries import Queries
from bailiwick.dataplane.gateways.sql.engines.translating.values import Values

__all__ = ["translate"]

_PLACEHOLDER = re.compile(r"[:$]b([0-9]+)\b")


def translate(sql: str, schema: Schema, dialect: DialectName, declared: Mapping[int, str]) -> Translated:
    """Return a rewritten statement in another dialect; raise `StatementRefusedError` when it cannot be said there.

    `declared` are the types that the app gave its parameters.
    """
    spoken = Dialect(dialect)
    values = Values(spoken, {number: spoken.kind(kind) for number, kind in declared.items()})
    queries = Queries(values, schema)
    statement = parse_sql(sql)[0].stmt
    tree: exp.Expression
    try:
        if dialect in ONLY_READ and not isinstance(statement, ast.SelectStmt):
            raise NotTranslatedError(f"{dialect} is read here, and not written", hint="write to a database of the app")
        match statement:
            case ast.SelectStmt():
                query = queries.nested(statement, None)
                tree, columns = query.select, query.columns
            case ast.InsertStmt():
                tree, columns = Changes(queries).insert(statement)
            case ast.UpdateStmt():
                tree, columns = Changes(queries).update(statement)
            case ast.DeleteStmt():
                tree, columns = Changes(queries).delete(statement)
            case _:
                raise NotTranslatedError(f"{type(statement).__name__} is not translated")
        if dialect == "snowflake":
            tree = folded(tree)
        text = tree.sql(dialect=dialect, comments=False)
        require_same(text, tree, dialect)
    except (SqlglotError, RecursionError):
        raise NotTranslatedError(f"the statement is not translated to {dialect}") from None
    operation = type(statement).__name__.removesuffix("Stmt").lower()
    binds = values.binds
    if dialect in {"mysql", "snowflake"}:
        # It has no names for placeholders: each is bound as often as it stands there, in the order of the text.
        binds = [binds[int(number)] for number in _PLACEHOLDER.findall(text)]
        text = _PLACEHOLDER.sub("?", text)
    return Translated(text, operation, columns, tuple(binds), dict(values.parameters), tuple(values.ends))

"""What a migration does to data, read from its statements: what would be lost, and whether there is a way back.

Only statements that are known to keep every row and value count as harmless; what is not known is taken to lose data.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pglast
from pglast import ast, enums, parser
from pglast.stream import RawStream

from bailiwick.core.migrations.files import Migration, MigrationsError

_TYPES = enums.AlterTableType
_OBJECTS = enums.ObjectType
_KEEPING = frozenset(
    {
        "CreateStmt", "CreateTableAsStmt", "IndexStmt", "ViewStmt", "CreateSeqStmt", "AlterSeqStmt", "CreateEnumStmt",
        "CompositeTypeStmt", "CreateDomainStmt", "CreateFunctionStmt", "CreateTrigStmt", "CreateSchemaStmt",
        "CreatePolicyStmt", "AlterPolicyStmt", "CreateStatsStmt", "CommentStmt", "RenameStmt", "InsertStmt",
        "GrantStmt", "VariableSetStmt", "SelectStmt", "AlterEnumStmt", "ReindexStmt", "VacuumStmt",
        "AlterDefaultPrivilegesStmt", "AlterObjectSchemaStmt", "RefreshMatViewStmt", "RuleStmt", "AlterFunctionStmt",
    }
)  # fmt: skip
_KEEPING_DROPS = frozenset(
    {
        _OBJECTS.OBJECT_INDEX, _OBJECTS.OBJECT_VIEW, _OBJECTS.OBJECT_FUNCTION, _OBJECTS.OBJECT_TRIGGER,
        _OBJECTS.OBJECT_PROCEDURE, _OBJECTS.OBJECT_ROUTINE, _OBJECTS.OBJECT_POLICY, _OBJECTS.OBJECT_RULE,
        _OBJECTS.OBJECT_TYPE, _OBJECTS.OBJECT_DOMAIN, _OBJECTS.OBJECT_SEQUENCE, _OBJECTS.OBJECT_MATVIEW,
        _OBJECTS.OBJECT_STATISTIC_EXT,
    }
)  # fmt: skip
# Of the changes to a table only these two touch what is kept in its rows.
_LOSING_CHANGES = frozenset({_TYPES.AT_DropColumn, _TYPES.AT_AlterColumnType})

_OURS = frozenset({"lock_timeout", "statement_timeout", "role", "session_authorization"})


class Kind(StrEnum):
    """Whether a migration can be taken back."""

    REVERSIBLE = "reversible"
    WITH_LOSS = "reversible with loss"
    IRREVERSIBLE = "irreversible"


class Way(StrEnum):
    """How data would be lost."""

    TABLE = "drops the table"
    COLUMN = "drops the column"
    TYPE = "changes the type of"
    ROWS = "deletes rows of"
    VALUES = "changes rows of"
    UNKNOWN = "does what cannot be foreseen:"


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that a script would lose. `count` asks how many rows it concerns, empty where nothing can be counted.

    For a column or its type, those rows whose value there is not null.
    """

    way: Way
    what: str
    count: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """A script as statements; one that must stay outside a transaction says so."""

    statements: tuple[str, ...]
    outside: bool


def read_script(title: str, text: str) -> Script:
    """Return the statements of a script; raise `MigrationsError` when it is not SQL, or steers transactions itself."""
    nodes = _parse(title, text)
    if any(isinstance(node, ast.TransactionStmt) for node in nodes):
        raise MigrationsError(
            f"{title} begins or ends transactions", hint="leave them out: the platform runs each migration in one"
        )
    if any(isinstance(node, ast.VariableSetStmt) and node.name in _OURS for node in nodes):
        raise MigrationsError(f"{title} changes how long it may wait", hint=f"leave out: {', '.join(sorted(_OURS))}")
    outside = [_is_outside(node) for node in nodes]
    if any(outside) and not all(outside):
        raise MigrationsError(
            f"{title} mixes CONCURRENTLY with other statements",
            hint="give what is done CONCURRENTLY a migration of its own: it cannot run in a transaction",
        )
    return Script(tuple(pglast.split(text)) if nodes else (), any(outside))


def classify(migration: Migration) -> Kind:
    """Return whether a migration can be taken back: not when its way forward destroys, or its way back is empty."""
    if losses(migration.title, migration.up):
        return Kind.IRREVERSIBLE
    if not _parse(migration.title, migration.down):
        return Kind.REVERSIBLE if not _parse(migration.title, migration.up) else Kind.IRREVERSIBLE
    return Kind.WITH_LOSS if losses(migration.title, migration.down) else Kind.REVERSIBLE


def losses(title: str, text: str) -> tuple[Loss, ...]:
    """Return what a script would lose of what was there before it, statement by statement."""
    nodes = _parse(title, text)
    made = {_written(node.relation) for node in nodes if isinstance(node, ast.CreateStmt)}
    return tuple(loss for node in nodes for loss in _losses(node, made))


def _parse(title: str, text: str) -> list[Any]:
    try:
        return [item.stmt for item in pglast.parse_sql(text)]
    except (parser.ParseError, RecursionError, ValueError) as fault:
        raise MigrationsError(
            f"{title} is not SQL that PostgreSQL reads: {str(fault)[:200]}", hint="correct it and push again"
        ) from None


def _is_outside(node: Any) -> bool:
    return bool(
        getattr(node, "concurrent", False)
        or isinstance(node, ast.VacuumStmt)
        or (isinstance(node, ast.ReindexStmt) and any(item.defname == "concurrently" for item in node.params or ()))
    )


def _losses(node: Any, made: set[str]) -> Iterator[Loss]:
    kind = type(node).__name__
    if kind == "DropStmt":
        yield from _dropped(node, made)
    elif kind == "AlterTableStmt":
        yield from _altered(node, made)
    elif kind == "TruncateStmt":
        for relation in node.relations:
            if _written(relation) not in made:
                yield Loss(Way.ROWS, _plain(_written(relation)), _count(_written(relation)))
    elif kind in {"DeleteStmt", "UpdateStmt"}:
        yield from _changed(node, kind, made)
    elif kind not in _KEEPING or _hides_change(node):
        yield Loss(Way.UNKNOWN, _short(node))


def _dropped(node: Any, made: set[str]) -> Iterator[Loss]:
    if node.behavior == enums.DropBehavior.DROP_CASCADE:
        yield Loss(Way.UNKNOWN, _short(node))
    elif node.removeType == _OBJECTS.OBJECT_TABLE:
        for item in node.objects:
            name = ".".join(_quoted(part.sval) for part in item)
            if name not in made:
                yield Loss(Way.TABLE, _plain(name), _count(name))
    elif node.removeType not in _KEEPING_DROPS:
        yield Loss(Way.UNKNOWN, _short(node))


def _altered(node: Any, made: set[str]) -> Iterator[Loss]:
    table = _written(node.relation)
    for command in node.cmds or ():
        if command.subtype not in _LOSING_CHANGES or table in made:
            continue
        if command.behavior == enums.DropBehavior.DROP_CASCADE:
            yield Loss(Way.UNKNOWN, _short(node))
            continue
        column = _quoted(command.name)
        way = Way.COLUMN if command.subtype == _TYPES.AT_DropColumn else Way.TYPE
        yield Loss(way, _plain(f"{table}.{column}"), _count(table, f"{column} IS NOT NULL"))


def _changed(node: Any, kind: str, made: set[str]) -> Iterator[Loss]:
    table = _written(node.relation)
    if table in made:
        return
    way = Way.ROWS if kind == "DeleteStmt" else Way.VALUES
    plain = not (node.withClause or getattr(node, "usingClause", None) or getattr(node, "fromClause", None))
    alias = f"{table} AS {_quoted(node.relation.alias.aliasname)}" if node.relation.alias else table
    where = RawStream()(node.whereClause) if node.whereClause else ""
    yield Loss(way, _plain(table), _count(alias, where) if plain else "")


def _hides_change(node: Any) -> bool:
    """Say whether a statement that reads or adds holds one that changes or calls what may change."""
    if isinstance(node, ast.InsertStmt):
        clause = node.onConflictClause
        if clause is not None and clause.action == enums.OnConflictAction.ONCONFLICT_UPDATE:
            return True
    if not isinstance(node, ast.SelectStmt | ast.InsertStmt | ast.CreateTableAsStmt):
        return False
    found = list(_below(node))
    calls = [item for item in found if isinstance(item, ast.FuncCall)]
    changes = any(isinstance(item, ast.DeleteStmt | ast.UpdateStmt | ast.MergeStmt) for item in found)
    # A bare SELECT in a migration is there for what its functions do.
    return changes or (isinstance(node, ast.SelectStmt) and any(not _is_setval(item) for item in calls))


def _is_setval(call: Any) -> bool:
    return str(call.funcname[-1].sval) in {"setval", "max", "coalesce", "pg_get_serial_sequence", "set_config"}


def _below(node: object) -> Iterator[Any]:
    waiting: list[object] = [node]
    while waiting:
        item = waiting.pop()
        if isinstance(item, ast.Node):
            yield item
            waiting += [getattr(item, name) for name in item]
        elif isinstance(item, tuple | list):
            waiting += item


def _count(table: str, where: str = "") -> str:
    condition = f" WHERE {where}" if where else ""
    return f"SELECT count(*) FROM {table}{condition}"  # noqa: S608 - names quoted, the condition parsed and printed


def _written(relation: Any) -> str:
    parts: Sequence[str | None] = (relation.schemaname, relation.relname)
    return ".".join(_quoted(part) for part in parts if part)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _plain(written: str) -> str:
    return written.replace('"', "")


def _short(node: Any) -> str:
    try:
        return str(RawStream()(node))[:160]
    except NotImplementedError:
        return type(node).__name__

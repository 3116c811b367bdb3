"""What is wrong with a statement: for any file of SQL, and for a migration of an app's own database."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from pglast import enums

from bailiwick.control.review.engines.infra.faults import Fault
from bailiwick.control.review.engines.sql.built import is_built
from bailiwick.control.review.engines.sql.statements import (
    Statement,
    UnreadableSqlError,
    below,
    calls,
    functions,
)
from bailiwick.control.review.rules import packed

_REACHING = re.compile(
    r"^(?:pg_read_(?:binary_)?file|pg_ls_\w+|pg_stat_file|lo_(?:import|export|put|from_bytea)|pg_file_\w+|dblink\w*|pg_reload_conf|"
    r"pg_terminate_backend|pg_cancel_backend|pg_execute_server_program|pg_logdir_ls|pg_rotate_logfile|pg_switch_wal|copy_\w+)$"
)
_LANGUAGES = frozenset({"sql", "plpgsql"})
_SETTINGS = frozenset({"role", "session_authorization", "session_replication_role", "row_security", "log_statement"})


def faults(found: list[Statement]) -> Iterator[Fault]:
    """Yield what is wrong in any SQL."""
    for statement in found:
        yield from _definer(statement)
        try:
            for expression, line in functions(statement):
                if is_built(expression):
                    yield Fault("sql-injection", line, "EXECUTE runs a text that is put together from values")
        except UnreadableSqlError as fault:
            yield Fault("syntax-error", statement.line, f"the body is not PL/pgSQL: {fault}")


def migration_faults(found: list[Statement], way_back: bool) -> Iterator[Fault]:
    """Yield what is wrong in a migration; `way_back` says that it undoes another one, and so may drop things."""
    made = {name for statement in found for name in _made(statement.node)}
    for statement in found:
        yield from _forbidden(statement)
        if not way_back:
            yield from _destroys(statement, made)


def _definer(statement: Statement) -> Iterator[Fault]:
    node = statement.node
    if _is(node, "CreateFunctionStmt"):
        options = {item.defname: item.arg for item in node.options or ()}
        paths = [item.arg.name for item in node.options or () if item.defname == "set"]
        security = options.get("security")
        if security is not None and security.boolval and "search_path" not in paths:
            yield Fault(
                "definer-without-path", statement.line, f"{node.funcname[-1].sval} runs with its owner's rights"
            )


def _forbidden(statement: Statement) -> Iterator[Fault]:
    node, line = statement.node, statement.line
    why = _reasons().get(type(node).__name__, "")
    if _is(node, "CopyStmt") and (node.is_program or node.filename):
        why = "it runs a program on the server" if node.is_program else "it reads or writes files of the server"
    elif _is(node, "VariableSetStmt") and (node.name or "").lower() in _SETTINGS:
        why = f"it changes {node.name}"
    elif _is(node, "CreateFunctionStmt"):
        languages = [str(item.arg.sval).lower() for item in node.options or () if item.defname == "language"]
        if languages and languages[0] not in _LANGUAGES:
            why = f"functions in {languages[0]} reach the server"
    if why:
        yield Fault("not-for-migrations", line, why)
    for name, call in calls(node):
        if _REACHING.match(name):
            yield Fault("not-for-migrations", line, f"{name} reaches beyond the database")
        elif name == "set_config" and call.args and _text(call.args[0]).lower() in _SETTINGS:
            yield Fault("not-for-migrations", line, f"it changes {_text(call.args[0])}")
    yield from _altered(node, line)


def _altered(node: Any, line: int) -> Iterator[Fault]:
    kinds = enums.AlterTableType
    for command in node.cmds or () if _is(node, "AlterTableStmt") else ():
        if command.subtype in {kinds.AT_DisableRowSecurity, kinds.AT_NoForceRowSecurity}:
            yield Fault("protection-off", line, "rows of others become visible")
        elif command.subtype in {kinds.AT_DisableTrigAll, kinds.AT_DisableTrigUser}:
            yield Fault("protection-off", line, "triggers, and with them checks, no longer run")
        elif command.subtype == kinds.AT_ChangeOwner:
            yield Fault("not-for-migrations", line, "who owns what is the platform's matter")


@cache
def _reasons() -> dict[str, str]:
    """Return the statements that a migration may not hold, with the reason, from the pack."""
    packs = [written for written in packed("sql") if written["id"] == "not-for-migrations"]
    return {kind: group["why"] for written in packs for group in written["statements"] for kind in group["kinds"]}


def _is(node: Any, kind: str) -> bool:
    return type(node).__name__ == kind


def _text(node: Any) -> str:
    return str(node.val.sval) if _is(node, "A_Const") and _is(node.val, "String") else ""


def _made(node: Any) -> Iterator[str]:
    if _is(node, "CreateStmt"):
        yield node.relation.relname
    elif _is(node, "CreateTableAsStmt"):
        yield node.into.rel.relname


def _destroys(statement: Statement, made: set[str]) -> Iterator[Fault]:
    node, line = statement.node, statement.line
    if _is(node, "DropStmt"):
        kinds = {enums.ObjectType.OBJECT_TABLE: "table", enums.ObjectType.OBJECT_SCHEMA: "schema",
                 enums.ObjectType.OBJECT_SEQUENCE: "sequence"}  # fmt: skip
        kind = kinds.get(node.removeType)
        names = [_last_name(item) for item in node.objects]
        if kind and not all(name in made for name in names):
            yield Fault("migration-destroys", line, f"it drops the {kind} {', '.join(names)[:80]}")
    elif _is(node, "TruncateStmt"):
        names = [item.relname for item in node.relations]
        if not all(name in made for name in names):
            yield Fault("migration-destroys", line, f"it empties {', '.join(names)[:80]}")
    elif _is(node, "AlterTableStmt") and node.relation.relname not in made:
        for command in node.cmds or ():
            if command.subtype == enums.AlterTableType.AT_DropColumn:
                yield Fault("migration-destroys", line, f"it drops the column {node.relation.relname}.{command.name}")
    elif _is(node, "DeleteStmt") and node.whereClause is None and node.relation.relname not in made:
        yield Fault("migration-destroys", line, f"it deletes every row of {node.relation.relname}")
    elif not _is(node, "DeleteStmt"):
        for item in below(node):
            if _is(item, "DeleteStmt") and item.whereClause is None:
                yield Fault("migration-destroys", line, f"it deletes every row of {item.relation.relname}")


def _last_name(item: Any) -> str:
    return str(item[-1].sval if isinstance(item, tuple | list) else getattr(item, "sval", item))

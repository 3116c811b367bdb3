"""Statements about the session itself, which a translated database is not asked: transactions and settings."""

from dataclasses import dataclass
from typing import Any

from pglast import ast, parse_sql

from bailiwick.dataplane.gateways.sql.engines.model import NotTranslatedError

# What is said to drivers at the start of a connection, and to SHOW.
SETTINGS = {
    "server_version": "16.0", "server_encoding": "UTF8", "client_encoding": "UTF8", "datestyle": "ISO, MDY",
    "timezone": "UTC", "integer_datetimes": "on", "standard_conforming_strings": "on", "intervalstyle": "postgres",
    "is_superuser": "off", "default_transaction_read_only": "off",
}  # fmt: skip
_SHOWN = {
    **SETTINGS, "transaction_isolation": "read committed", "default_transaction_isolation": "read committed",
    "transaction_read_only": "off", "search_path": "public", "statement_timeout": "30s", "lock_timeout": "10s",
    "bytea_output": "hex", "extra_float_digits": "1", "client_min_messages": "notice", "application_name": "",
}  # fmt: skip
# What these are here and stays so; to set another would be answered with what it is not.
_FIXED = {
    "timezone": ("utc", "etc/utc", "gmt", "z"), "client_encoding": ("utf8", "utf-8", "unicode"),
    "datestyle": ("iso", "iso, mdy", "iso,mdy"), "standard_conforming_strings": ("on", "true"),
    "bytea_output": ("hex",),
}  # fmt: skip
_BEGINS = frozenset({"TRANS_STMT_BEGIN", "TRANS_STMT_START"})


_SAVEPOINTS = {
    "TRANS_STMT_SAVEPOINT": "SAVEPOINT", "TRANS_STMT_RELEASE": "RELEASE", "TRANS_STMT_ROLLBACK_TO": "ROLLBACK",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """What to do about a statement of the session: a word for the database, and what is answered."""

    tag: str
    control: str = ""
    read_only: bool = False
    savepoint: str | None = None
    shown: str | None = None
    forgotten: str | None = None


def read(sql: str) -> Said:
    """Return what a statement of the session comes to; raise when it would not be kept."""
    statement: Any = parse_sql(sql)[0].stmt
    match statement:
        case ast.TransactionStmt():
            return _transaction(statement)
        case ast.VariableShowStmt():
            name = str(statement.name).lower()
            return Said("SHOW", shown=_SHOWN.get(name, ""))
        case ast.VariableSetStmt():
            return _setting(statement)
        case ast.DeallocateStmt():
            return Said("DEALLOCATE", forgotten=statement.name or "")
    raise NotTranslatedError(f"{type(statement).__name__} is not translated")


def _transaction(statement: Any) -> Said:
    word = statement.kind.name
    if word in _BEGINS:
        only = any(
            option.defname == "transaction_read_only" and (option.arg.val.ival or 0)
            for option in statement.options or ()
        )
        return Said("BEGIN", "BEGIN", read_only=bool(only))
    if word in {"TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK"} and not statement.chain:
        name = word.removeprefix("TRANS_STMT_")
        return Said(name, name)
    if word in _SAVEPOINTS and statement.savepoint_name:
        return Said(_SAVEPOINTS[word], savepoint=str(statement.savepoint_name))
    raise NotTranslatedError("transactions that are chained are not translated")


def _setting(statement: Any) -> Said:
    _require_kept(statement)
    return Said("RESET" if statement.kind.name.startswith("VAR_RESET") else "SET")


def _require_kept(statement: Any) -> None:
    name = (statement.name or "").lower()
    wanted = _FIXED.get(name)
    if wanted is None or statement.kind.name != "VAR_SET_VALUE":
        return
    given = ", ".join(str(getattr(item.val, "sval", "")) for item in statement.args or ()).lower()
    if given not in wanted:
        raise NotTranslatedError(f"{name} cannot be changed for a translated database", hint=f"it is {wanted[0]}")

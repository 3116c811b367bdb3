"""A SQLite file: opened for what the grant allows, and every statement looked at by SQLite's authorizer besides.

Source: sqlite.org, "Defense Against The Dark Arts" and "Compile-Time Authorization Callbacks".
"""

import re
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from bailiwick.dataplane.database_files.faults import CANCELLED, FileFaultError

_BUSY_SECONDS = 10.0
_MOST_MEMORY = 512 * 2**20
# What translated statements call, and what SQLite calls for LIKE.
_FUNCTIONS = frozenset(
    """
    abs avg count julianday length like lower ltrim max min nullif replace round rtrim split_part strftime substr sum
    total trim upper row_number rank dense_rank coalesce
    """.split()
)
# By declared type (sqlite.org, "Datatypes In SQLite", 3.1), the first that fits. Decimals are floats in SQLite.
_KINDS = (
    ("BOOL", "bool"), ("INT", "int8"), ("CHAR", "text"), ("CLOB", "text"), ("TEXT", "text"), ("UUID", "text"),
    ("BLOB", "bytea"), ("REAL", "float8"), ("FLOA", "float8"), ("DOUB", "float8"), ("DATETIME", "timestamp"),
    ("TIMESTAMP", "timestamp"), ("DATE", "date"), ("NUMERIC", "float8"), ("DECIMAL", "float8"),
)  # fmt: skip
_WORDS = {
    sqlite3.SQLITE_INTERRUPT: CANCELLED,
    sqlite3.SQLITE_BUSY: ("the database file is locked by another", "55P03"),
    sqlite3.SQLITE_READONLY: ("the database file is open for reading only", "25006"),
    sqlite3.SQLITE_AUTH: ("the statement asks for more than the grant gives", "42501"),
    sqlite3.SQLITE_NOMEM: ("the statement takes too much memory", "53200"),
    sqlite3.SQLITE_FULL: ("there is no room left", "53100"),
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: ("a value must be unique and is not", "23505"),
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: ("a value must be unique and is not", "23505"),
    sqlite3.SQLITE_CONSTRAINT_NOTNULL: ("a value is missing", "23502"),
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: ("a row refers to none", "23503"),
    sqlite3.SQLITE_CONSTRAINT: ("a value is not one that the table takes", "23514"),
}


class SqliteFile:
    """One connection to a file. `describe` says which tables it is for; before that it runs nothing."""

    def __init__(self, path: str, *, writing: bool) -> None:
        mode = "rw" if writing else "ro"
        self._connection = sqlite3.connect(
            f"file:{quote(path)}?mode={mode}", uri=True, isolation_level=None, timeout=_BUSY_SECONDS,
            check_same_thread=False, cached_statements=64,
        )  # fmt: skip
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        self._connection.create_function("split_part", 3, _split_part, deterministic=True)
        for setting in ("trusted_schema=OFF", "case_sensitive_like=ON", "foreign_keys=ON", "cell_size_check=ON",
                        "mmap_size=0", "temp_store=MEMORY", f"hard_heap_limit={_MOST_MEMORY}",
                        f"query_only={'OFF' if writing else 'ON'}"):  # fmt: skip
            self._connection.execute(f"PRAGMA {setting}").fetchall()
        self._tables: dict[str, frozenset[str]] = {}
        self._writing = writing
        self._connection.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)

    def describe(self, tables: Iterable[tuple[str, str, Sequence[str]]]) -> list[tuple[str, str, dict[str, str]]]:
        """Return the columns of granted tables with their types, and let statements use these from now on."""
        self._connection.set_authorizer(None)
        found = []
        for namespace, name, columns in tables:
            rows = self._connection.execute("SELECT name, type FROM pragma_table_info(?, 'main')", (name,)).fetchall()
            declared = {row[0]: _kind(row[1]) for row in rows}
            known = {column: kind for column in columns if (kind := declared.get(column))}
            if known and namespace == "public":
                found.append((namespace, name, known))
                self._tables[name.lower()] = frozenset(column.lower() for column in known)
        self._connection.set_authorizer(self._authorize)
        return found

    def _authorize(self, action: int, one: str | None, other: str | None, base: str | None, by: str | None) -> int:
        if action in {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_SAVEPOINT}:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION:
            return sqlite3.SQLITE_OK if (other or "").lower() in _FUNCTIONS or by else sqlite3.SQLITE_DENY
        # What a view or a trigger of a granted table does (`by` names it) was granted with the table.
        if action == sqlite3.SQLITE_READ:
            granted = self._tables.get((one or "").lower())
            # A view's or subquery's result is read without a base; a count reads no column of a table.
            fits = granted is not None and (not other or other.lower() in granted)
            return sqlite3.SQLITE_OK if base in {"main", None} and (fits or by) else sqlite3.SQLITE_DENY
        if action in {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE} and self._writing:
            granted = self._tables.get((one or "").lower())
            return sqlite3.SQLITE_OK if base == "main" and (granted is not None or by) else sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_DENY

    def execute(self, sql: str, values: dict[str, Any]) -> Any:
        """Return a cursor over what a statement answers."""
        return self._connection.execute(sql, values)

    def control(self, word: str) -> None:
        """Begin, commit or roll back."""
        if word == "BEGIN" or self._connection.in_transaction:
            self._connection.execute(word)

    def interrupt(self) -> None:
        """Have what runs end."""
        self._connection.interrupt()

    def value(self, kind: str, text: str | None) -> object:
        """Return a value as it is bound, from its text form."""
        if text is None or kind in {"text", "date", "timestamp", "uuid"}:
            return text
        if kind in {"int4", "int8", "bool"}:
            return int(text)
        return bytes.fromhex(text) if kind == "bytea" else text if kind == "timestamptz" else float(text)

    @staticmethod
    def fault(problem: Exception) -> FileFaultError:
        """Return what may be told of a fault."""
        if isinstance(problem, sqlite3.Error):
            code = getattr(problem, "sqlite_errorcode", 0)
            words = _WORDS.get(code) or _WORDS.get(code & 0xFF) or ("the database refuses the statement", "XX000")
            return FileFaultError(*words)
        return FileFaultError("the database cannot run the statement", "XX000")


def _kind(declared: str) -> str | None:
    upper = re.sub(r"\(.*", "", declared.upper())
    return next((kind for mark, kind in _KINDS if mark in upper), None)


def _split_part(text: str | None, mark: str, place: int) -> str | None:
    if text is None:
        return None
    parts = str(text).split(mark)
    return parts[place - 1] if place <= len(parts) else ""

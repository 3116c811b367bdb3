"""A DuckDB file: no other file, no network and no extension can be reached from it, and its settings are locked.

Source: duckdb.org, "Securing DuckDB".
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import duckdb

from bailiwick.dataplane.database_files.faults import CANCELLED, FileFaultError

_SETTINGS = (
    "TimeZone='UTC'", "memory_limit='512MB'", "threads=2", "temp_directory=''", "allow_community_extensions=false",
    "autoinstall_known_extensions=false", "autoload_known_extensions=false", "enable_external_access=false",
    "lock_configuration=true",
)  # fmt: skip
_KINDS = {
    "BOOLEAN": "bool", "TINYINT": "int4", "SMALLINT": "int4", "INTEGER": "int4", "UTINYINT": "int4",
    "USMALLINT": "int4", "UINTEGER": "int8", "BIGINT": "int8", "UBIGINT": "numeric", "HUGEINT": "numeric",
    "FLOAT": "float8", "DOUBLE": "float8", "VARCHAR": "text", "DATE": "date", "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz", "UUID": "uuid", "BLOB": "bytea",
}  # fmt: skip
_WORDS: tuple[tuple[type[Exception], tuple[str, str]], ...] = (
    (duckdb.InterruptException, CANCELLED),
    (duckdb.ConstraintException, ("a value is not one that the table takes", "23000")),
    (duckdb.OutOfRangeException, ("a value is out of range", "22003")),
    (duckdb.ConversionException, ("a value is not of its type", "22P02")),
    (duckdb.OutOfMemoryException, ("the statement takes too much memory", "53200")),
    (duckdb.TransactionException, ("the transaction does not go together with another", "40001")),
    (duckdb.PermissionException, ("the statement asks for more than the grant gives", "42501")),
    (duckdb.InvalidInputException, ("a value is not one that this can be done with", "22000")),
)
# A condition of the app's own must not be asked of rows that the fence holds back: were it, the fence would be none.
_PROBE = (
    """EXPLAIN SELECT * FROM (SELECT word FROM fence_probe WHERE shown OFFSET 0) t WHERE CAST(t.word AS INTEGER) > 0"""
)


class DuckdbFile:
    """One connection to a file."""

    def __init__(self, path: str, *, writing: bool) -> None:
        self._connection = duckdb.connect(path, read_only=not writing)
        for setting in _SETTINGS:
            self._connection.execute(f"SET {setting}")
        self._open = False
        self._columns: dict[str, str] = {}
        self._connection.execute("CREATE TEMP TABLE fence_probe AS SELECT 'x' AS word, false AS shown")
        plan = str(self._connection.execute(_PROBE).fetchall()[0][1])
        self._connection.execute("DROP TABLE fence_probe")
        if not 0 <= plan.find("CAST") < plan.upper().find("LIMIT"):
            raise FileFaultError("this version of DuckDB does not keep conditions apart", "0A000")

    def describe(self, tables: Iterable[tuple[str, str, Sequence[str]]]) -> list[tuple[str, str, dict[str, str]]]:
        """Return the columns of granted tables with their types."""
        found = []
        for namespace, name, columns in tables:
            schema = "main" if namespace == "public" else namespace
            rows = self._connection.execute(
                "SELECT column_name, data_type FROM information_schema.columns "
                "WHERE table_catalog = current_database() AND table_schema = $1 AND table_name = $2",
                [schema, name],
            ).fetchall()
            declared = {row[0]: _kind(row[1]) for row in rows}
            known = {column: kind for column in columns if (kind := declared.get(column))}
            if known:
                found.append((namespace, name, known))
        return found

    def execute(self, sql: str, values: dict[str, Any]) -> Any:
        """Return a cursor over what a statement answers."""
        return self._connection.execute(sql, values or None)

    def control(self, word: str) -> None:
        """Begin, commit or roll back."""
        if word == "BEGIN" or self._open:
            self._open = word == "BEGIN"
            self._connection.execute(word)

    def interrupt(self) -> None:
        """Have what runs end."""
        self._connection.interrupt()

    def value(self, kind: str, text: str | None) -> object:
        """Return a value as it is bound, from its text form."""
        return None if text is None else _VALUES[kind](text)

    @staticmethod
    def fault(problem: Exception) -> FileFaultError:
        """Return what may be told of a fault."""
        words = next((words for kind, words in _WORDS if isinstance(problem, kind)), None)
        return FileFaultError(*(words or ("the database refuses the statement", "XX000")))


_VALUES: dict[str, Any] = {
    "text": str, "int4": int, "int8": int, "float8": float, "numeric": Decimal, "bool": lambda text: text == "1",
    "date": date.fromisoformat, "timestamp": datetime.fromisoformat, "uuid": UUID, "bytea": bytes.fromhex,
    "timestamptz": lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
}  # fmt: skip


def _kind(declared: str) -> str | None:
    return "numeric" if declared.startswith("DECIMAL(") and not declared.endswith("]") else _KINDS.get(declared)

"""Synthetic rows for a rehearsal: made by the server, of the right types, related as foreign keys ask; none is real."""

from collections.abc import Mapping, Sequence

import psycopg
from psycopg import sql

from bailiwick.dataplane.databases.server import Connected

ROWS = 20
_TABLES = """
SELECT c.oid, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT LIKE 'pg\\_%%'
  AND n.nspname NOT IN ('information_schema', 'bailiwick')
ORDER BY (SELECT count(*) FROM pg_constraint f WHERE f.conrelid = c.oid AND f.contype = 'f'), c.oid
"""
# What must be given: columns without a default of their own come with their type, its kind, and what they refer to.
_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), coalesce(b.typcategory, t.typcategory)::text,
  (SELECT f.confrelid::regclass::text || '|' || (SELECT r.attname FROM pg_attribute r
      WHERE r.attrelid = f.confrelid AND r.attnum = f.confkey[array_position(f.conkey, a.attnum)])
   FROM pg_constraint f WHERE f.conrelid = a.attrelid AND f.contype = 'f' AND a.attnum = ANY (f.conkey) LIMIT 1),
  (SELECT array_agg(quote_literal(e.enumlabel) ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type b ON b.oid = nullif(t.typbasetype, 0)
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = '' AND a.attgenerated = ''
ORDER BY a.attnum
"""
# By category of type (PostgreSQL documentation, 52.64 "pg_type"): an expression over the row's number, i.
_VALUES = {
    "N": "i",
    "S": "substr(md5(i::text), 1, 20)",
    "B": "(i % 2 = 0)",
    "D": "timestamp '2026-01-01 00:00' + i * interval '1 hour'",
    "T": "i * interval '1 minute'",
    "I": "('10.0.0.' || i)",
    "A": "'{}'",
}
_BY_TYPE = {"uuid": "md5(i::text)::uuid", "json": "'{}'", "jsonb": "'{}'", "bytea": "'\\x00'", "bit": "'0'"}


async def fill(connection: Connected) -> tuple[dict[str, int], list[str]]:
    """Put a few rows into every table; return how many each holds now, and which tables took none.

    A table with a condition that made-up values do not meet stays empty: that is said, and is no fault.
    """
    counts: dict[str, int] = {}
    empty: list[str] = []
    found = await connection.execute(_TABLES.replace("%%", "%").encode())
    for oid, namespace, name in await found.fetchall():
        table = sql.Identifier(str(namespace), str(name))
        columns = await (await connection.execute(_COLUMNS, [oid])).fetchall()
        for statement in _inserts(table, columns):
            try:
                async with connection.transaction():
                    await connection.execute(statement)
            except psycopg.Error:
                continue
        counts[f"{namespace}.{name}"] = held = await _count(connection, table)
        if not held:
            empty.append(str(name))
    return counts, empty


async def recount(connection: Connected, counts: Mapping[str, int]) -> dict[str, int]:
    """Return how many rows the same tables hold now; those that are gone are left out."""
    now: dict[str, int] = {}
    for written in counts:
        namespace, _, name = written.partition(".")
        try:
            async with connection.transaction():
                now[written] = await _count(connection, sql.Identifier(namespace, name))
        except psycopg.errors.UndefinedTable:
            continue
    return now


def _inserts(table: sql.Identifier, columns: Sequence[tuple[object, ...]]) -> list[sql.Composed]:
    """Return one statement for each row, so that one that breaks a rule leaves the others."""
    if not columns:
        return [sql.SQL("INSERT INTO {} DEFAULT VALUES").format(table)] * ROWS
    names = sql.SQL(", ").join(sql.Identifier(str(column[0])) for column in columns)
    values = sql.Composed([sql.SQL(_value(*column[1:])) for column in columns]).join(", ")  # type: ignore[arg-type]
    statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM (VALUES ({}::int)) AS made (i)")
    return [statement.format(table, names, values, sql.Literal(number)) for number in range(1, ROWS + 1)]


def _value(kind: str, category: str, refers: str | None, labels: Sequence[str] | None) -> str:
    """Return the expression for a column: a row that it refers to, one of its labels, or something of its type."""
    if refers:
        table, _, column = refers.partition("|")
        quoted = column.replace('"', '""')
        return f'(SELECT "{quoted}" FROM {table} ORDER BY 1 LIMIT 1 OFFSET (i - 1) % {ROWS})'  # noqa: S608
    if labels:
        return f"(ARRAY[{', '.join(labels)}])[1 + i % {len(labels)}]::{kind}"
    known = next((value for name, value in _BY_TYPE.items() if kind.startswith(name)), None)
    return f"CAST({known or _VALUES.get(category, 'NULL')} AS {kind})"


async def _count(connection: Connected, table: sql.Identifier) -> int:
    row = await (await connection.execute(sql.SQL("SELECT count(*) FROM {}").format(table))).fetchone()
    return int(str(row[0])) if row is not None else 0

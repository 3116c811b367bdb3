"""Looks at a database: what tables it has for the integration's account, and some values of each column.

Values stay in the memory of this process for as long as it takes to look at them: what is told is only what
`core/column_classes` says.
"""

import re
import time
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from bailiwick.core.column_classes import suggest
from bailiwick.core.messages import MOST_COLUMNS, MOST_TABLES, ColumnSeen, TableSeen
from bailiwick.dataplane.gateways.sql.asking import QuestionRefusedError, ask, begin_reading, texts
from bailiwick.dataplane.gateways.sql.pieces import quoted
from bailiwick.dataplane.gateways.sql.upstream import Connection

_SECONDS, _TABLE_SECONDS, _ALL_SECONDS = 30.0, 3.0, 60.0
_SAMPLED_ROWS, _SAMPLED_CHARACTERS = 300, 300
# From here on, pages are picked by chance; fewer rows are read from the first on.
_MANY_ROWS = 20_000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_LOOKED_AT = re.compile(r"(?:text|character|citext|numeric|bigint|date|timestamp|inet|cidr|name)\b")
# Only what the account may read of: what it cannot, nobody can be granted through it.
_QUERY = """
SELECT n.nspname, c.relname, c.relkind, c.reltuples::int8, a.attname, format_type(a.atttypid, NULL),
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)),
       coalesce((SELECT f.relname FROM pg_constraint k JOIN pg_class f ON f.oid = k.confrelid
                 WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.conkey = ARRAY[a.attnum] LIMIT 1), '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT')
ORDER BY n.nspname, c.relname, a.attnum
LIMIT 20000
"""


class Found(NamedTuple):
    """A column as the database's own catalogue has it."""

    namespace: str
    table: str
    kind: str
    rows: str
    name: str
    type: str
    key: str
    references: str


class Catalogue(NamedTuple):
    """What there is, and how many columns are left out: too many, or with names that no grant can hold."""

    tables: tuple[TableSeen, ...]
    left_out: int


async def read_catalogue(connection: Connection) -> Catalogue:
    """Return the tables of a database with what their columns seem to hold.

    Raises `UnavailableError` when it does not say what there is. A table whose values cannot be looked at, or not in
    time, is told of by its names alone.
    """
    answer = await ask(connection, _QUERY, seconds=_SECONDS)
    every = [Found(*texts(row)) for row in answer.rows]
    named = [item for item in every if all(map(_NAME.fullmatch, (item.namespace, item.table, item.name)))]
    over = time.monotonic() + _ALL_SECONDS
    tables: list[TableSeen] = []
    told = 0
    for _, group in groupby(named, key=lambda item: (item.namespace, item.table)):
        columns = list(group)
        if len(tables) >= MOST_TABLES or told + len(columns) > MOST_COLUMNS:
            break
        samples = await _samples(connection, columns) if time.monotonic() < over else {}
        tables.append(_seen(columns, samples))
        told += len(columns)
    return Catalogue(tuple(tables), len(every) - told)


async def _samples(connection: Connection, columns: Sequence[Found]) -> dict[str, list[str]]:
    """Return some values of each column that is worth a look; nothing of a view, which may compute for long."""
    wanted = [item.name for item in columns if _LOOKED_AT.match(item.type)]
    if not wanted or columns[0].kind == "v" or connection.channel.is_over:
        return {}
    first = columns[0]
    source = f"{quoted(first.namespace)}.{quoted(first.table)}"
    if int(first.rows) > _MANY_ROWS:
        source += f" TABLESAMPLE SYSTEM ({min(100.0, 100.0 * 100 * _SAMPLED_ROWS / int(first.rows)):.6f})"
    cut = ", ".join(f"left(CAST({quoted(name)} AS text), {_SAMPLED_CHARACTERS})" for name in wanted)
    statement = f"SELECT {cut} FROM {source} LIMIT {_SAMPLED_ROWS}"  # noqa: S608 - quoted names, numbers of ours
    try:
        await begin_reading(connection, statement_seconds=_TABLE_SECONDS)
        rows = (await ask(connection, statement, seconds=2 * _TABLE_SECONDS)).rows
    except QuestionRefusedError:
        rows = ()
    if not connection.channel.is_over:
        await ask(connection, "ROLLBACK", seconds=_TABLE_SECONDS)
    return {name: [row[at] or "" for row in rows if row[at] is not None] for at, name in enumerate(wanted)}


def _seen(columns: Sequence[Found], samples: dict[str, list[str]]) -> TableSeen:
    first = columns[0]
    rows = int(first.rows)
    return TableSeen(
        namespace=first.namespace,
        name=first.table,
        rows=rows if rows >= 0 else None,
        columns=tuple(_column(item, samples.get(item.name, [])) for item in columns),
    )


def _column(found: Found, values: Sequence[str]) -> ColumnSeen:
    seems = suggest(found.table, found.name, values)
    return ColumnSeen(
        name=found.name,
        type=found.type[:80],
        key=found.key == "t",
        references=found.references,
        suggests=seems.data_class,
        because=seems.because,
        share=seems.tenths,
        prose=seems.prose,
    )

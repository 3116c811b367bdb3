"""The very rows and masks of a draft: few of each table, by the rewriting that every statement of an app goes through.

What is asked is asked in a transaction that cannot write, under short time limits, and signed in the database's own log
with who looks.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bailiwick.core.errors import BailiwickError
from bailiwick.core.grants import DataGrant, TableGrant
from bailiwick.core.messages import GrantPreview, TableUniqueness
from bailiwick.core.principals import Identity
from bailiwick.dataplane.gateways.sql import (
    Answer,
    Connection,
    ask,
    begin_reading,
    quoted,
    rewrite,
    signature,
    texts,
)

MOST_ROWS = 20
_STATEMENT_SECONDS, _WAIT_SECONDS = 3.0, 6.0
_COUNTED_ROWS = 100_000
# Of fewer rows a share would tell of single ones.
_LEAST_ROWS = 50
_APP = "grant-preview"
_STEP = 5


@dataclass(frozen=True, slots=True)
class TableRows:
    """The first rows of a table as the draft shows them, or why there are none."""

    table: TableGrant
    answer: Answer | None
    fault: str = ""


async def read_rows(connection: Connection, preview: GrantPreview, viewer: Identity) -> list[TableRows]:
    """Return the first rows of each table of a draft, as somebody with the attributes of the preview sees them."""
    found = []
    for table in preview.grant.tables:
        columns = ", ".join(quoted(column.name) for column in table.columns if column.readable)
        if not columns:
            found.append(TableRows(table, None, "nothing of it can be read"))
            continue
        name = f"{quoted(table.namespace)}.{quoted(table.relation)}"
        statement = f"SELECT {columns} FROM {name} LIMIT {MOST_ROWS}"  # noqa: S608 - quoted names; it is rewritten
        try:
            sql = signature(viewer, None, _APP, "", "") + _rewritten(statement, preview.grant, preview.attributes)
            found.append(TableRows(table, await _in_a_transaction(connection, sql)))
        except BailiwickError as fault:
            found.append(TableRows(table, None, fault.message))
    return found


async def count_unique(connection: Connection, preview: GrantPreview, table: TableGrant) -> TableUniqueness | None:
    """Return how far the rows of a table can be told apart by what a draft shows of them; None where others know none
    of its columns.
    """
    name = table.relation if table.namespace == "public" else f"{table.namespace}.{table.relation}"
    shown = {column.name for column in table.columns if column.readable}
    columns = tuple(column for column in preview.identifying.get(name, ()) if column in shown)
    if not columns:
        return None
    listed = ", ".join(map(quoted, columns))
    moments = preview.moments.get(name, ())
    by = ", ".join(f"left(CAST({quoted(item)} AS text), 10)" if item in moments else quoted(item) for item in columns)
    source = f"{quoted(table.namespace)}.{quoted(table.relation)}"
    statement = f"SELECT {listed} FROM {source} LIMIT {_COUNTED_ROWS}"  # noqa: S608 - as above
    try:
        inner = _rewritten(statement, preview.grant, preview.attributes)
        # Numbers only: how many rows there are, how many are alone with their values, how many with three others.
        sums = ", ".join(f"coalesce(sum(n) FILTER (WHERE n < {most}), 0)" for most in (_COUNTED_ROWS + 1, 2, 5))
        groups = f"SELECT count(*) AS n FROM ({inner}) AS s GROUP BY {by}"  # noqa: S608 - what was rewritten
        counting = f"SELECT {sums} FROM ({groups}) AS g"  # noqa: S608 - as above
        [row] = (await _in_a_transaction(connection, counting)).rows
        rows, unique, few = (int(value) for value in texts(row))
    except BailiwickError as fault:
        return TableUniqueness(table=name, columns=columns, fault=fault.message[:300])
    if rows < _LEAST_ROWS:
        return TableUniqueness(table=name, columns=columns)
    return TableUniqueness(table=name, columns=columns, unique=_share(unique, rows), under_five=_share(few, rows))


def _share(part: int, rows: int) -> int:
    """Return a share in hundredths, in steps: what one row more or less changes is not told."""
    return min(100, round(100 * part / rows / _STEP) * _STEP)


def _rewritten(statement: str, grant: DataGrant, attributes: Mapping[str, str]) -> str:
    return rewrite(statement, grant, attributes).sql


async def _in_a_transaction(connection: Connection, sql: str) -> Answer:
    await begin_reading(connection, statement_seconds=_STATEMENT_SECONDS)
    try:
        return await ask(connection, sql, seconds=_WAIT_SECONDS)
    finally:
        if not connection.channel.is_over:
            await ask(connection, "ROLLBACK", seconds=_STATEMENT_SECONDS)

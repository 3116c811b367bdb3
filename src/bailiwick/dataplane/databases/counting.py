"""Counts what a way back would lose, in the database as it stands."""

import psycopg

from bailiwick.core.migrations import Loss, Way
from bailiwick.dataplane.databases.server import Connected


async def lost(connection: Connected, loss: Loss) -> str:
    """Return a line for what would be lost now, empty when that is nothing.

    Where nothing can be counted, or the thing is not there to be counted yet, it is taken to be lost.
    """
    if not loss.count:
        return f"{loss.way} {loss.what}"
    try:
        async with connection.transaction():
            found = await connection.execute(loss.count.encode())
            row = await found.fetchone()
    except psycopg.Error:
        return f"{loss.way} {loss.what}, and its rows cannot be counted"
    count = int(str(row[0])) if row is not None else 0
    if not count:
        return ""
    rows = "row" if count == 1 else "rows"
    if loss.way in {Way.COLUMN, Way.TYPE}:
        return f"{loss.way} {loss.what}, which holds a value in {count} {rows}"
    if loss.way is Way.TABLE:
        return f"{loss.way} {loss.what} with {count} {rows}"
    return f"{loss.way} {loss.what}: {count} {rows}"

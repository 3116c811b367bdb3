"""Queries through the SQL gateway, against the same queries sent to PostgreSQL directly."""

import asyncio
import socket
import tempfile
import time
from pathlib import Path

import psycopg

from bailiwick.core.clock import utc_now
from bailiwick.core.grants import ColumnGrant, DataGrant, Operation, TableGrant
from bailiwick.core.policy import Decision
from bailiwick.dataplane.gateways.sql import Binding, Connection, Database, SqlGateway, SqlListener, connect
from bailiwick.store.embedded import EmbeddedPostgres

_ROUNDS = {"SELECT id, name FROM items WHERE id = 7": 2000, "SELECT id, name FROM items LIMIT 1000": 150}
_GRANT = DataGrant(
    integration="items-db",
    tables=(
        TableGrant(
            relation="items",
            operations=frozenset({Operation.SELECT}),
            columns=(ColumnGrant(name="id"), ColumnGrant(name="name")),
        ),
    ),
)


def measure() -> list[tuple[str, float, str]]:
    """Return the gateway's rate over the direct one, for a row by key and for a thousand rows."""
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as home:
        Path(home).chmod(0o755)
        with EmbeddedPostgres(Path(home) / "data", scratch=True) as server:
            server.create_database("items")
            server.create_role("reader", "bench")
            with psycopg.connect(server.url("items"), autocommit=True) as owner:
                owner.execute("CREATE TABLE items (id int PRIMARY KEY, name text)")
                owner.execute("INSERT INTO items SELECT n, 'item ' || n FROM generate_series(1, 5000) n")
                owner.execute("GRANT SELECT ON items TO reader")
            return asyncio.run(_compare(server))


async def _compare(server: EmbeddedPostgres) -> list[tuple[str, float, str]]:
    target = Database(str(server.socket_directory), server.tcp_port or 5432, "items", "reader", "bench")

    async def open_connection(binding: Binding) -> Connection:
        return await connect(target, binding.app)

    gateway = SqlGateway(open_connection, lambda _: None, lambda *_: Decision(True, ""), lambda _: None, utc_now)
    listener = socket.create_server(("127.0.0.1", 0))
    door = SqlListener(gateway, Binding("a/b", "rel", "default", "production", "items-db", _GRANT, {}))
    await door.start(listener)
    through = f"postgresql://app@127.0.0.1:{listener.getsockname()[1]}/items"
    direct = server.url("items", user="reader", password="bench")
    rows = []
    for query, rounds in _ROUNDS.items():
        ours = await asyncio.to_thread(_rate, through, query, rounds)
        bare = await asyncio.to_thread(_rate, direct, query, rounds)
        name = "a row by key" if "WHERE" in query else "a thousand rows"
        rows.append((f"SQL gateway / direct, {name}", ours / bare, f"{ours:,.0f}/s against {bare:,.0f}/s"))
    door.close()
    return rows


def _rate(url: str, query: str, rounds: int) -> float:
    with psycopg.connect(url, autocommit=True) as connection:
        start = time.perf_counter()
        for _ in range(rounds):
            connection.execute(query).fetchall()
        return rounds / (time.perf_counter() - start)

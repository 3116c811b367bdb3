"""Queries through the SQL gateway, against the same queries through PgBouncer and sent to PostgreSQL directly.

The gateway runs in a process of its own on uvloop, as a data plane does, asks policy and makes its audit events. A
statement "of a request" carries a trace of its own, so that it is a new one to the gateway each time.
"""

import asyncio
import multiprocessing
import os
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import psycopg
import uvloop

from bailiwick.core.clock import utc_now
from bailiwick.core.grants import ColumnGrant, DataGrant, Operation, TableGrant
from bailiwick.core.policy import ContextValue, Decision, PolicyEngine, Resource, cascade
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.dataplane.gateways.decisions import KnownDecisions
from bailiwick.dataplane.gateways.sql import (
    Binding,
    Connection,
    Database,
    SqlGateway,
    SqlListener,
    connect,
)
from bailiwick.store.embedded import EmbeddedPostgres

_BY_KEY, _THOUSAND = "SELECT id, name FROM items WHERE id = 7", "SELECT id, name FROM items LIMIT 1000"
_BULK = "SELECT a.id, a.name FROM items a, (SELECT id FROM items LIMIT 40) b"
_CASES = {
    "a row by key": (_BY_KEY, 4000),
    "a row by key, each of a request": (f"{_BY_KEY} /*traceparent='00-{{trace}}-0000000000000001-01'*/", 4000),
    "a thousand rows": (_THOUSAND, 500),
    "two hundred thousand rows": (_BULK, 5),
}
_PGBOUNCER = "/usr/sbin/pgbouncer"
# Rounds of each way in turn: what else the machine does then falls on all of them.
_TURNS = 5
_ANN = Identity(Principal("user", "ann@example.com"), frozenset({"user:ann@example.com", "group:users"}))
GRANT = DataGrant(
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
    """Return the gateway's rate over the direct one, case by case."""
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as home:
        Path(home).chmod(0o755)
        with EmbeddedPostgres(Path(home) / "data", scratch=True) as server:
            make_items(server)
            return _compare(server)


def make_items(server: EmbeddedPostgres) -> None:
    """Make a database with a table, and a role that may read it."""
    server.create_database("items")
    server.create_role("reader", "bench")
    with psycopg.connect(server.url("items"), autocommit=True) as owner:
        owner.execute("CREATE TABLE items (id int PRIMARY KEY, name text)")
        owner.execute("INSERT INTO items SELECT n, 'item ' || n FROM generate_series(1, 5000) n")
        owner.execute("GRANT SELECT ON items TO reader")


def _compare(server: EmbeddedPostgres) -> list[tuple[str, float, str]]:
    target = Database(str(server.socket_directory), server.tcp_port or 5432, "items", "reader", "bench")
    processes = multiprocessing.get_context("spawn")
    ours_end, its_end = processes.Pipe()
    process = processes.Process(target=_serve, args=(target, its_end))
    process.start()
    try:
        through = f"postgresql://app@127.0.0.1:{ours_end.recv()}/items"
        with _pgbouncer(target) as peer:
            ways = {
                "ours": through,
                "direct": server.url("items", user="reader", password="bench"),
                "PgBouncer": peer,
            }
            return [row for name in _CASES for row in _ratios(ways, name)]
    finally:
        process.terminate()
        process.join()


@contextmanager
def _pgbouncer(target: Database) -> Iterator[str]:
    """Run PgBouncer before the same database, and return its address."""
    if not Path(_PGBOUNCER).exists():
        raise RuntimeError("PgBouncer is the peer: apt-get install pgbouncer")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="bw-bouncer-") as home:
        settings = Path(home) / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\nitems = host={target.host} port={target.port} dbname=items user=reader password=bench\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
            "pool_mode = session\nlog_connections = 0\nlog_disconnections = 0\n"
        )
        Path(home).chmod(0o755)
        # The database is the account's too, and its socket for nobody else.
        somebody = {"user": "bailiwick"} if os.geteuid() == 0 else {}
        process = subprocess.Popen([_PGBOUNCER, "-q", str(settings)], stderr=subprocess.DEVNULL, **somebody)  # type: ignore[call-overload]
        try:
            url = f"postgresql://app@127.0.0.1:{port}/items"
            _wait_for(url)
            yield url
        finally:
            process.terminate()
            process.wait()


def _wait_for(url: str) -> None:
    ends = time.monotonic() + 10
    while True:
        try:
            return psycopg.connect(url).close()
        except psycopg.OperationalError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.05)


def _serve(target: Database, parent: Pipe) -> None:
    uvloop.run(_gateway(target, parent))


async def _gateway(target: Database, parent: Pipe) -> None:
    async def open_connection(binding: Binding) -> Connection:
        return await connect(target, binding.app)

    binding = Binding("a/b", "rel", "default", "production", "items-db", GRANT, cascade([("app-user", "group:users")]))
    engine, state = PolicyEngine.built_in(), object()

    def ask(identity: Identity, asked: Binding) -> Decision:
        context: dict[str, ContextValue] = {
            "app": asked.app,
            "granted_to": asked.app,
            "demands_person": False,
            "data_classes": frozenset(),
            "enabled": True,
        }
        resource = Resource("Integration", f"integration:{asked.resource}", asked.roles)
        return engine.decide(identity, "integration.query", resource, context)

    decisions = KnownDecisions(ask, lambda: state)
    gateway = SqlGateway(open_connection, call_of, decisions.authorize, lambda _: None, utc_now)
    listener = socket.create_server(("127.0.0.1", 0))
    door = SqlListener(gateway, binding)
    await door.start(listener)
    parent.send(listener.getsockname()[1])
    await asyncio.Event().wait()


def call_of(trace: str) -> Call:
    return Call(_ANN, "a/b", "rel", trace)


def _ratios(ways: dict[str, str], name: str) -> list[tuple[str, float, str]]:
    query, rounds = _CASES[name]
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(_TURNS):
        for way, url in ways.items():
            taken[way] += _times(url, query, rounds // _TURNS)
    middle = {way: statistics.median(times) for way, times in taken.items()}
    added = (middle["ours"] - middle["direct"]) * 1000
    return [
        (
            f"SQL gateway / {peer}, {name}",
            middle[peer] / middle["ours"],
            f"{1 / middle['ours']:,.0f}/s against {1 / middle[peer]:,.0f}/s, by p50; {added:.2f} ms over direct",
        )
        for peer in ways
        if peer != "ours"
    ]


def _times(url: str, query: str, rounds: int) -> list[float]:
    """Return the seconds that each round took."""
    found = []
    with psycopg.connect(url, autocommit=True) as connection:
        for number in range(rounds):
            start = time.perf_counter()
            connection.execute(query.replace("{trace}", f"{number + 1:032x}")).fetchall()
            found.append(time.perf_counter() - start)
    return found

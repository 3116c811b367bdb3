"""How long a quiet app's requests and queries take while its neighbour floods the router or gateway that both share.

Router and SQL gateway run in a process each, as in a data plane; whoever asks is in others. The quiet app asks 50 times
a second over one connection, the neighbour as fast as it gets answers over many. Rounds with and without the neighbour
take turns, so that what else the machine does meets both. The limit is twice the time.
"""

import asyncio
import contextlib
import multiprocessing
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import psycopg
import uvloop

from bailiwick.core.clock import utc_now
from bailiwick.core.messages import AppState, DesiredState
from bailiwick.core.passes import Pass, issue_pass
from bailiwick.core.policy import Decision, PolicyEngine, cascade
from bailiwick.core.principals import Identity, Principal
from bailiwick.core.statements import SigningKey, seal
from bailiwick.dataplane.gateways.sql import Binding, Connection, Database, SqlGateway, SqlListener, connect
from bailiwick.dataplane.guard import RateLimit
from bailiwick.dataplane.router import CallRegistry, Gate, Pool, Router, RouterParts, SignIn, Site, Sites, serve
from bailiwick.store.embedded import EmbeddedPostgres
from benchmarks.bench_router import APP, nobody
from benchmarks.bench_sql_gateway import GRANT, call_of, make_items

_ROUNDS, _SECONDS, _EVERY = 4, 3.0, 0.02
_LIMIT = 2.0
_QUIET, _LOUD = "quiet", "loud"
_BY_KEY = "SELECT id, name FROM items WHERE id = {number}"
_LONG = "SELECT id FROM items WHERE id IN ({many})"
_ALLOWED = Decision(allowed=True, reason="", deciders=())
Ask = Callable[[int], Awaitable[None]]


def measure() -> list[tuple[str, float, str]]:
    """Return p99 beside a flood over p99 alone, for requests, short queries, and long ones."""
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as home:
        Path(home).chmod(0o755)
        return [*_requests(Path(home)), *_queries(Path(home))]


@dataclass(frozen=True)
class Flood:
    """What the neighbour does: asks for one thing, again and again, over so many connections."""

    kind: str
    port: int
    connections: int
    asked: str


def _compare(name: str, ask: Callable[[], Awaitable[Ask]], flood: Flood) -> tuple[str, float, str]:
    alone: list[float] = []
    beside: list[float] = []
    for _ in range(_ROUNDS):
        alone += uvloop.run(_quiet(ask))
        with _flooding(flood):
            beside += uvloop.run(_quiet(ask))
    first, second = (_percentile(times, 99) * 1000 for times in (alone, beside))
    halves = [_percentile(times, 50) * 1000 for times in (alone, beside)]
    words = f"p99 {second:.1f} ms against {first:.1f} ms, p50 {halves[1]:.1f} ms against {halves[0]:.1f} ms"
    return f"{name} / twice those alone", second / first / _LIMIT, words


async def _quiet(make: Callable[[], Awaitable[Ask]]) -> list[float]:
    ask = await make()
    times = []
    over = time.perf_counter() + _SECONDS
    while (began := time.perf_counter()) < over:
        await ask(len(times))
        times.append(time.perf_counter() - began)
        await asyncio.sleep(_EVERY)
    return times


def _percentile(times: list[float], percent: int) -> float:
    return sorted(times)[min(len(times) - 1, len(times) * percent // 100)]


@contextlib.contextmanager
def _flooding(flood: Flood) -> Iterator[None]:
    processes = multiprocessing.get_context("spawn")
    ours, its = processes.Pipe()
    process = processes.Process(target=_flood, args=(flood, its))
    process.start()
    try:
        ours.recv()
        yield
    finally:
        process.terminate()
        process.join()


def _flood(flood: Flood, parent: Pipe) -> None:
    async def run() -> None:
        make = _browser if flood.kind == "requests" else _client
        asks = [await make(flood.port, flood.asked) for _ in range(flood.connections)]
        parent.send("ready")
        await asyncio.gather(*(_for_ever(ask, number * 10**6) for number, ask in enumerate(asks)))

    uvloop.run(run())


async def _for_ever(ask: Ask, number: int) -> None:
    while True:
        await ask(number)
        number += 1


# -- requests -------------------------------------------------------------------------------------------------------


def _requests(home: Path) -> list[tuple[str, float, str]]:
    paths = {name: home / f"{name}.sock" for name in (_QUIET, _LOUD)}
    apps = [subprocess.Popen([sys.executable, "-c", APP, f"dict(uds={str(path)!r})"]) for path in paths.values()]
    processes = multiprocessing.get_context("spawn")
    ours, its = processes.Pipe()
    router = processes.Process(target=_serve_router, args=(paths, its))
    router.start()
    try:
        port, tokens = ours.recv()
        time.sleep(2)
        asked = {name: _request(name, token) for name, token in tokens.items()}
        flood = Flood("requests", port, 48, asked[_LOUD])
        return [_compare("requests beside a flood", lambda: _browser(port, asked[_QUIET]), flood)]
    finally:
        router.terminate()
        router.join()
        for app in apps:
            app.terminate()
            app.wait()


def _request(name: str, token: str) -> str:
    return f"GET / HTTP/1.1\r\nHost: {name}.localhost\r\nCookie: bailiwick_pass={token}\r\n\r\n"


async def _browser(port: int, request: str) -> Ask:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def ask(_: int) -> None:
        writer.write(request.encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        await reader.readexactly(5)

    return ask


def _serve_router(paths: dict[str, Path], parent: Pipe) -> None:
    async def run() -> None:
        key = SigningKey.generate()
        sites, states, tokens = Sites(), [], {}
        person = Identity(Principal("user", "u@example.com"), frozenset({"group:users"}))
        for name, path in paths.items():
            states.append(_state(name, key))
            sites.put(Site(f"{name}.localhost", states[-1], "running", "", path, RateLimit(1e9)))
            tokens[name] = issue_pass(Pass(person, f"a/{name}", "production", "s", utc_now() + timedelta(hours=1)), key)
        desired = DesiredState(version=1, plane="p", time=utc_now(), sign_in_url="", apps=tuple(states), epochs={})
        gate = Gate(
            engine=PolicyEngine.built_in(), pass_key=lambda: key.public_text, state=lambda: desired, clock=utc_now
        )
        parts = RouterParts(sites, gate, SignIn(nobody), lambda: "", CallRegistry(), Pool(), lambda *_: None)
        server = await serve(Router(parts), "127.0.0.1", 0)
        parent.send((server.sockets[0].getsockname()[1], tokens))
        await asyncio.Event().wait()

    sys.setswitchinterval(0.001)
    uvloop.run(run())


def _state(name: str, key: SigningKey) -> AppState:
    envelope = seal(b"{}", key)
    return AppState(
        app=f"a/{name}", tenant=name, mode="production", host=name, release="rel", commit="c", status="running",
        reach="", artifact_sha256="", verdict=envelope, approvals=(), artifact=envelope,
        roles=cascade([("app-user", "group:users")]), integrations=(),
    )  # fmt: skip


# -- queries --------------------------------------------------------------------------------------------------------


def _queries(home: Path) -> list[tuple[str, float, str]]:
    with EmbeddedPostgres(home / "data", scratch=True) as server:
        make_items(server)
        target = Database(str(server.socket_directory), server.tcp_port or 5432, "items", "reader", "bench")
        processes = multiprocessing.get_context("spawn")
        ours, its = processes.Pipe()
        gateway = processes.Process(target=_serve_gateway, args=(target, its))
        gateway.start()
        try:
            ports = ours.recv()
            many = ",".join(map(str, range(4000)))
            return [
                _compare(name, lambda: _client(ports[_QUIET], _BY_KEY), Flood("queries", ports[_LOUD], count, asked))
                for name, count, asked in (
                    ("queries beside a flood of short ones", 32, _BY_KEY),
                    ("queries beside a flood of long ones", 8, _LONG.replace("{many}", f"{{number}},{many}")),
                )
            ]
        finally:
            gateway.terminate()
            gateway.join()


async def _client(port: int, asked: str) -> Ask:
    url = f"postgresql://app@127.0.0.1:{port}/items"
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True)

    async def ask(number: int) -> None:
        await (await connection.execute(asked.replace("{number}", str(number % 5000)).encode())).fetchall()

    return ask


def _serve_gateway(target: Database, parent: Pipe) -> None:
    async def run() -> None:
        async def open_connection(binding: Binding) -> Connection:
            return await connect(target, binding.app)

        gateway = SqlGateway(open_connection, call_of, lambda *_: _ALLOWED, lambda _: None, utc_now)
        ports, doors = {}, []
        for name in (_QUIET, _LOUD):
            listener = socket.create_server(("127.0.0.1", 0))
            doors.append(SqlListener(gateway, Binding(f"a/{name}", "rel", name, "production", "items-db", GRANT, {})))
            await doors[-1].start(listener)
            ports[name] = listener.getsockname()[1]
        parent.send(ports)
        await asyncio.Event().wait()

    sys.setswitchinterval(0.001)
    uvloop.run(run())

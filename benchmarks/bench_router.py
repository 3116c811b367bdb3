"""Requests through the router to an app on its Unix socket, against the same app served bare by uvicorn.

The router runs in a process of its own on uvloop, as a data plane does.
"""

import asyncio
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import uvloop

from bailiwick.core.clock import utc_now
from bailiwick.core.guardrails import Guardrails, RequestRails
from bailiwick.core.messages import AppState, DesiredState
from bailiwick.core.passes import Pass, issue_pass
from bailiwick.core.policy import PolicyEngine, cascade
from bailiwick.core.principals import Identity, Principal
from bailiwick.core.statements import SigningKey, seal
from bailiwick.dataplane.router import (
    Admission,
    CallRegistry,
    Gate,
    Pool,
    RequestLimits,
    Router,
    RouterParts,
    SignIn,
    Site,
    Sites,
    serve,
)

_SECONDS, _CLIENTS = 3.0, 16
_LIMIT_ADDED_MILLISECONDS = 1.0
APP = """
import sys, uvicorn
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})
uvicorn.run(app, log_level="error", access_log=False, lifespan="off", **eval(sys.argv[1]))
"""


def measure() -> list[tuple[str, float, str]]:
    """Return requests a second through gate and router over those to uvicorn itself."""
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as home:
        path = Path(home) / "app.sock"
        options = (f"dict(uds={str(path)!r})", "dict(port=18999)")
        apps = [subprocess.Popen([sys.executable, "-c", APP, option]) for option in options]
        processes = multiprocessing.get_context("spawn")
        ours_end, its_end = processes.Pipe()
        router = processes.Process(target=_serve, args=(path, its_end))
        router.start()
        try:
            port, token = ours_end.recv()
            time.sleep(1.5)
            ours, bare = uvloop.run(_rate(port, token)), uvloop.run(_rate(18999, token))
            late, soon = (uvloop.run(_median(place, token)) for place in (port, 18999))
        finally:
            router.terminate()
            router.join()
            for app in apps:
                app.terminate()
                app.wait()
    added = late - soon
    return [
        ("request through the router / bare uvicorn", ours / bare, f"{ours:,.0f}/s against {bare:,.0f}/s"),
        (
            "what the router adds to an answer: limit / p50",
            _LIMIT_ADDED_MILLISECONDS / added,
            f"p50 {late:.2f} ms against {soon:.2f} ms: {added:.2f} ms more, limit {_LIMIT_ADDED_MILLISECONDS:g} ms",
        ),
    ]


def _serve(path: Path, parent: Pipe) -> None:
    uvloop.run(_router(path, parent))


async def _router(path: Path, parent: Pipe) -> None:
    key = SigningKey.generate()
    identity = Identity(Principal("user", "u@example.com"), frozenset({"group:users"}))
    token = issue_pass(Pass(identity, "a/b", "production", "s", utc_now() + timedelta(hours=1)), key)
    state = _state(key)
    site = Site("b.localhost", state, "running", "", path, Admission(RequestLimits(per_second=1e9, at_once=10_000)))
    sites = Sites()
    sites.put(site)
    desired = DesiredState(version=1, plane="p", time=utc_now(), sign_in_url="", apps=(state,), epochs={})
    gate = Gate(engine=PolicyEngine.built_in(), pass_key=lambda: key.public_text, state=lambda: desired, clock=utc_now)
    parts = RouterParts(sites, gate, SignIn(nobody), lambda: "", CallRegistry(), Pool(), lambda *_: None)
    server = await serve(Router(parts), "127.0.0.1", 0)
    parent.send((server.sockets[0].getsockname()[1], token))
    await asyncio.Event().wait()


async def nobody(_: object) -> None:
    raise AssertionError("nobody signs in here")


def _state(key: SigningKey) -> AppState:
    envelope = seal(b"{}", key)
    return AppState(
        app="a/b", tenant="default", mode="production", host="b", release="rel", commit="c", status="running",
        reach="", artifact_sha256="", verdict=envelope, approvals=(), artifact=envelope,
        roles=cascade([("app-user", "group:users")]), integrations=(),
        guardrails=Guardrails(requests=RequestRails(person_per_second=1e5, at_once=10_000)),
    )  # fmt: skip


async def _rate(port: int, token: str) -> float:
    times = await asyncio.gather(*(_client(port, _request(token), _SECONDS) for _ in range(_CLIENTS)))
    return sum(map(len, times)) / _SECONDS


async def _median(port: int, token: str) -> float:
    """Return the median of one client's answers, in milliseconds."""
    return statistics.median(await _client(port, _request(token), _SECONDS / 3)) * 1000


def _request(token: str) -> bytes:
    return f"GET / HTTP/1.1\r\nHost: b.localhost\r\nCookie: bailiwick_pass={token}\r\n\r\n".encode()


async def _client(port: int, request: bytes, seconds: float) -> list[float]:
    """Ask again and again; return how many seconds each answer took."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times = []
    over = time.perf_counter() + seconds
    while (asked := time.perf_counter()) < over:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        await reader.readexactly(5)
        times.append(time.perf_counter() - asked)
    writer.close()
    return times

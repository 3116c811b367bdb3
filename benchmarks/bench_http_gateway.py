"""Calls of a service through the HTTP gateway, against nginx as a plain reverse proxy of the same service, by turns.

Both run on one core. What each needs of a processor for a call is measured, not how fast the client asks: on a machine
with few cores, the client would be what is measured. Without nginx (`make setup-tests` does not install it) there is
nothing to compare with.
"""

import asyncio
import multiprocessing
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import psutil
import uvloop

from bailiwick.core.clock import utc_now
from bailiwick.core.grants import DataGrant, FieldMask, RequestGrant
from bailiwick.core.messages import BearerToken, ServiceConnection
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.dataplane.credentials import Credentials
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.services import ServiceCredentials, ServiceGateway, ServiceListener
from bailiwick.dataplane.gateways.upstreams import Upstreams

_SECONDS = float(os.environ.get("BAILIWICK_BENCH_HTTP_SECONDS", "2"))
_CLIENTS, _ROUNDS = 16, 3
TRACE = "ab" * 16
_ANN = Identity(Principal("user", "ann@example.com"), frozenset({"user:ann@example.com"}))
_BODY = '{"id": 17, "name": "Ada", "email": "ada@shop.example", "note": "' + "x" * 900 + '"}'
_NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr error;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder}; keepalive_requests 10000000; default_type application/json;
  upstream service {{ server 127.0.0.1:{service}; keepalive 64; keepalive_requests 10000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{ {what} }}
  }}
}}
"""
_ANSWERS = f"return 200 '{_BODY}';"
_PASSES = 'proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection "";'


def measure() -> list[tuple[str, float, str]]:
    """Return calls for each second of a processor through the gateway, over those through nginx."""
    if shutil.which("nginx") is None and not Path("/usr/sbin/nginx").exists():
        return []
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as home:
        service, proxy = _free_port(), _free_port()
        with (
            _nginx(Path(home) / "service", service, service, _ANSWERS),
            _nginx(Path(home) / "proxy", proxy, service, _PASSES) as peer,
            _gateway(service) as (port, ours),
        ):
            rows = []
            for what, path in (("a call", "/plain/17"), ("a call with a masked field", "/masked/17")):
                costs: dict[str, list[float]] = {"ours": [], "nginx": []}
                rates: dict[str, list[float]] = {"ours": [], "nginx": []}
                for _ in range(_ROUNDS):
                    for name, at, process in (("nginx", proxy, peer), ("ours", port, ours)):
                        rate, cost = asyncio.run(_load(at, path, process))
                        costs[name].append(cost)
                        rates[name].append(rate)
                bare, cost = min(costs["nginx"]), min(costs["ours"])
                words = (
                    f"{1 / cost:,.0f} calls a second of one core against {1 / bare:,.0f}; "
                    f"one client got {max(rates['ours']):,.0f}/s against {max(rates['nginx']):,.0f}/s; 1 kB answers"
                )
                rows.append((f"HTTP gateway / nginx as reverse proxy, {what}", bare / cost, words))
            return rows


async def _load(port: int, path: str, process: psutil.Process) -> tuple[float, float]:
    """Return calls a second, and seconds of a processor that a process took for each."""
    request = (
        f"GET {path} HTTP/1.1\r\nhost: service.internal\r\naccept: */*\r\ntraceparent: 00-{TRACE}-{'1' * 16}-01\r\n\r\n"
    ).encode()
    done = 0
    over = time.monotonic() + _SECONDS

    async def one() -> None:
        nonlocal done
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.monotonic() < over:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            lower = head.lower()
            await reader.readexactly(int(lower[lower.index(b"content-length: ") + 16 :].split(b"\r\n", 1)[0]))
            done += 1
        writer.close()

    before, began = _spent(process), time.monotonic()
    await asyncio.gather(*(one() for _ in range(_CLIENTS)))
    return done / (time.monotonic() - began), (_spent(process) - before) / done


def _spent(process: psutil.Process) -> float:
    every = [process, *process.children(recursive=True)]
    return sum(sum(one.cpu_times()[:2]) for one in every)


@contextmanager
def _nginx(folder: Path, port: int, service: int, what: str) -> Iterator[psutil.Process]:
    folder.mkdir()
    file = folder / "nginx.conf"
    file.write_text(_NGINX.format(folder=folder, port=port, service=service, what=what))
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(file), "-e", "stderr"])
    try:
        _until_open(port)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _gateway(service: int) -> Iterator[tuple[int, psutil.Process]]:
    processes = multiprocessing.get_context("spawn")
    ours, its = processes.Pipe()
    child = processes.Process(target=_serve, args=(its, service))
    child.start()
    try:
        yield int(ours.recv()), psutil.Process(child.pid)
    finally:
        child.terminate()
        child.join()


def _serve(parent: Pipe, service: int) -> None:
    uvloop.run(serve_gateway(parent, service))


async def serve_gateway(parent: Pipe, service: int) -> None:
    """Serve the gateway until the process ends; `scripts` of a profiler begin here, too."""

    async def fetch(_: str) -> str:
        return "a-key-of-the-service"

    connection = ServiceConnection(
        kind="http", url=f"http://127.0.0.1:{service}", credential=BearerToken(kind="bearer", secret="key")
    )
    get = frozenset({"GET"})
    masked = RequestGrant(methods=get, path="/masked/{id}", query=(), fields=(FieldMask(path="email"),))
    grants = (RequestGrant(methods=get, path="/plain/{id}", query=()), masked)
    binding = Binding(
        app="finance/desk", release="rel_1", tenant="default", plane="production", resource="crm", roles={},
        grant=DataGrant(integration="crm", tables=(), requests=grants), name="crm",
    )  # fmt: skip
    upstreams = Upstreams()
    gateway = ServiceGateway(
        connection=lambda _: connection,
        credentials=ServiceCredentials(Credentials(fetch), upstreams),
        upstreams=upstreams,
        resolve={TRACE: Call(_ANN, "finance/desk", "rel_1", TRACE)}.get,
        authorize=lambda *_: Decision(True, "", ("as-granted",)),
        emit=lambda _: None,
        clock=utc_now,
    )
    door = socket.create_server(("127.0.0.1", 0))
    await ServiceListener(gateway, binding).start(door)
    parent.send(door.getsockname()[1])
    await asyncio.Event().wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _until_open(port: int) -> None:
    over = time.monotonic() + 20
    while time.monotonic() < over:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nothing listens on {port}")

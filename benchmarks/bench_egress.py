"""Connections through the egress gateway, against the same to the same server directly, by turns in one run.

Server and gateway run in processes of their own; policy is asked, the name is resolved and its address checked, as
for an app. Bulk is TLS as apps speak it, and bytes behind a ClientHello, which is what is left without its ciphers.
"""

import asyncio
import multiprocessing
import os
import socket
import ssl
import statistics
import tempfile
import threading
import time
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bailiwick.core.clock import utc_now
from bailiwick.core.guardrails import EgressRails, Guardrails
from bailiwick.core.manifest import EgressHost
from bailiwick.core.messages import AppState
from bailiwick.core.policy import PoliciesInForce
from bailiwick.dataplane.egress import PlaneEgress
from bailiwick.dataplane.gateways.egress import dialer_of
from bailiwick.dataplane.guard import Guard

_BULK_BYTES = int(os.environ.get("BAILIWICK_BENCH_EGRESS_MIB", "512")) * 2**20
_BULK_ROUNDS = 7
_CONNECTS = 600
_PIECE = 1024 * 1024
_HOST = "localhost"


def measure() -> list[tuple[str, float, str]]:
    """Return throughput through the gateway over that of a direct connection, and what a connection takes more."""
    processes = multiprocessing.get_context("spawn")
    children: list[Any] = []
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as home:
        pair = _certificate(Path(home))
        try:
            plain, secure = _start(processes, children, _serve_host, str(pair))
            doors = _start(processes, children, _serve_gateway, home, plain, secure)
            trust = ssl.create_default_context(cafile=pair)
            hello = _hello()
            return [
                _bulk("bytes", (plain, doors[0]), lambda port: _sent_plain(port, hello)),
                _bulk("TLS", (secure, doors[1]), lambda port: _sent_secure(port, trust)),
                _connects((plain, doors[0]), hello),
            ]
        finally:
            for child in children:
                child.terminate()
                child.join()


def _start(processes: Any, children: list[Any], serve: Any, *arguments: Any) -> tuple[int, int]:
    ours, its = processes.Pipe()
    child = processes.Process(target=serve, args=(its, *arguments))
    child.start()
    its.close()
    children.append(child)
    found: tuple[int, int] = ours.recv()
    return found


def _bulk(what: str, ports: tuple[int, int], send: Any) -> tuple[str, float, str]:
    times: list[list[float]] = [[], []]
    for _ in range(_BULK_ROUNDS):
        for port, taken in zip(ports, times, strict=True):
            taken.append(send(port))
    direct, ours = (_BULK_BYTES / statistics.median(taken) / 2**20 for taken in times)
    return f"egress gateway / direct, {what} in bulk", ours / direct, f"{ours:,.0f} MiB/s against {direct:,.0f} MiB/s"


def _connects(ports: tuple[int, int], hello: bytes) -> tuple[str, float, str]:
    """Return what a connection takes until the host's first byte."""
    times: list[list[float]] = [[], []]
    for _ in range(_CONNECTS):
        for port, taken in zip(ports, times, strict=True):
            began = time.perf_counter()
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(hello)
                assert connection.recv(1) == b"+"
                taken.append((time.perf_counter() - began) * 1000)
    direct, ours = (statistics.median(taken) for taken in times)
    words = f"p50 {ours:.2f} ms against {direct:.2f} ms: {ours - direct:.2f} ms more"
    return "egress gateway / direct, a new connection", ours / direct, words


def _sent_plain(port: int, hello: bytes) -> float:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(hello)
        assert connection.recv(1) == b"+"
        return _sent(connection)


def _sent_secure(port: int, trust: ssl.SSLContext) -> float:
    plain = socket.create_connection(("127.0.0.1", port))
    with trust.wrap_socket(plain, server_hostname=_HOST) as connection:
        assert connection.recv(1) == b"+"
        return _sent(connection)


def _sent(connection: socket.socket) -> float:
    """Return how many seconds a bulk takes until the host says that it has all of it."""
    piece = memoryview(bytes(_PIECE))
    began = time.perf_counter()
    for _ in range(_BULK_BYTES // _PIECE):
        connection.sendall(piece)
    assert connection.recv(1) == b"."
    return time.perf_counter() - began


def _hello() -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=_HOST)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("nobody answered, and the handshake is done")


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, _HOST)])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(utc_now() - timedelta(minutes=1))
    made = made.not_valid_after(utc_now() + timedelta(hours=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(_HOST)]), critical=False)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    target = folder / "pair.pem"
    target.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(pem))
    return target


def _serve_host(parent: Pipe, pair: str) -> None:
    """Say that a connection is there, take a bulk, say that it has come; in threads, which wait inside the kernel."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    listeners = [socket.create_server(("127.0.0.1", 0), backlog=256) for _ in range(2)]
    parent.send(tuple(listener.getsockname()[1] for listener in listeners))
    threading.Thread(target=_accept, args=(listeners[1], context), daemon=True).start()
    _accept(listeners[0], None)


def _accept(listener: socket.socket, context: ssl.SSLContext | None) -> None:
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_take, args=(connection, context), daemon=True).start()


def _take(plain: socket.socket, context: ssl.SSLContext | None) -> None:
    room = bytearray(_PIECE)
    try:
        connection = context.wrap_socket(plain, server_side=True) if context is not None else plain
        if context is None:
            connection.recv(5 + int.from_bytes(connection.recv(5, socket.MSG_PEEK)[3:5]), socket.MSG_WAITALL)
        connection.sendall(b"+")
        left = _BULK_BYTES
        while left and (count := connection.recv_into(room)):
            left -= count
        connection.sendall(b".")
        connection.close()
    except OSError:
        plain.close()


def _serve_gateway(parent: Pipe, home: str, plain: int, secure: int) -> None:
    uvloop.run(_gateway(parent, home, (plain, secure)))


async def _gateway(parent: Pipe, home: str, ports: tuple[int, int]) -> None:
    egress = PlaneEgress(
        plane="production",
        state=Path(home),
        engine=PoliciesInForce(environment="production"),
        desired=lambda: None,
        dialer=dialer_of(["127.0.0.0/8", "::1/128"]),
        resolve=lambda _: None,
        emit=lambda _: None,
        report=lambda _: None,
        secrets=frozenset,
        clock=utc_now,
        guard=Guard.of_nothing(),
    )
    rails = Guardrails(egress=EgressRails(connections_per_second=10_000, megabytes_per_second=100_000))
    state = AppState.model_construct(
        app="finance/desk", tenant="default", mode="production", branch="", release="rel_1", roles={}, guardrails=rails
    )
    doors = []
    for port in ports:
        listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        await egress.listener_of(state, EgressHost(host=_HOST, port=port)).start(listener)
        doors.append(listener.getsockname()[1])
    parent.send(tuple(doors))
    await asyncio.Event().wait()

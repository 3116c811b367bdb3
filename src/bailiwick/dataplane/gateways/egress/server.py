"""Serves a planted socket that stands for one declared host: checks that TLS is for it, resolves it, passes bytes on.

The gateway resolves the name itself, after policy has said yes, and checks each address that comes back: what an app
may open is a host, never an address that a name happens to point to.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass

from bailiwick.dataplane.gateways.egress.addresses import AddressPolicy
from bailiwick.dataplane.gateways.egress.hello import MAX_HELLO_BYTES, HelloError, needed, server_name

_HELLO_SECONDS = 10.0
_CONNECT_SECONDS = 10.0
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of one connection: refused with a reason, or closed after so many bytes each way."""

    host: str
    port: int
    refused: str = ""
    sent: int = 0
    received: int = 0


class EgressListener:
    """One declared host of one app. `report` hears of every connection, once, at its end."""

    def __init__(self, host: str, port: int, policy: AddressPolicy, report: Callable[[Opened], None]) -> None:
        self._host = host
        self._port = port
        self._policy = policy
        self._report = report
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, listener: socket.socket) -> None:
        """Begin to serve."""
        self._server = await asyncio.start_server(self._serve, sock=listener)

    def close(self) -> None:
        """Stop serving and cut every connection."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - we are in one
        self._tasks.add(task)
        outcome = Opened(self._host, self._port, refused="it was cut")
        try:
            outcome = await self._pass_on(reader, writer)
        except HelloError as fault:
            outcome = Opened(self._host, self._port, refused=str(fault))
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            outcome = Opened(self._host, self._port, refused="the host does not answer")
        finally:
            self._tasks.discard(task)
            writer.close()
            self._report(outcome)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Opened:
        hello = await asyncio.wait_for(_read_hello(reader), _HELLO_SECONDS)
        named = server_name(hello)
        if named != self._host:
            return Opened(self._host, self._port, refused=f"the TLS connection is for {named[:100]}")
        address = await self._resolve()
        if address is None:
            return Opened(self._host, self._port, refused="the name leads to no address that may be reached")
        far_reader, far_writer = await asyncio.wait_for(asyncio.open_connection(address, self._port), _CONNECT_SECONDS)
        far_writer.write(hello)
        counts = await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        return Opened(self._host, self._port, sent=counts[0] + len(hello), received=counts[1])

    async def _resolve(self) -> str | None:
        """Return an address that policy permits; one bad address among several makes none of them good."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        addresses = [str(item[4][0]) for item in found]
        return addresses[0] if addresses and all(self._policy.permits(item) for item in addresses) else None


async def _read_hello(reader: asyncio.StreamReader) -> bytes:
    data = await reader.readexactly(5)
    length = needed(data)
    if length > MAX_HELLO_BYTES:
        raise HelloError("the ClientHello is too large")
    return data + await reader.readexactly(length - len(data))


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> int:
    total = 0
    with contextlib.suppress(ConnectionError):
        while piece := await source.read(_PIECE):
            total += len(piece)
            target.write(piece)
            await target.drain()
    with contextlib.suppress(OSError, RuntimeError):
        target.write_eof()
    return total

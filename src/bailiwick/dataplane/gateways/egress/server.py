"""Serves a planted socket that stands for one declared host: asks policy, checks that TLS is for it, passes bytes on.

The gateway resolves the name itself, after policy has said yes, and checks each address that comes back: what an app
may open is a host, never an address that a name happens to point to.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass

from bailiwick.core.policy import Decision
from bailiwick.dataplane.gateways.egress.addresses import AddressPolicy
from bailiwick.dataplane.gateways.egress.hello import MAX_HELLO_BYTES, HelloError, needed, server_name

_HELLO_SECONDS = 10.0
_CONNECT_SECONDS = 10.0
_PIECE = 64 * 1024
_TLS_FOR_THE_HOST = ("tls-for-the-declared-host",)
_REACHABLE_ADDRESSES = ("reachable-addresses",)


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of one connection: refused with a reason, or closed after so many bytes each way.

    `deciders` are the policies and checks that decided.
    """

    host: str
    port: int
    refused: str = ""
    sent: int = 0
    received: int = 0
    deciders: tuple[str, ...] = ()


class EgressListener:
    """One declared host of one app.

    `authorize` is asked about every connection before its name is looked up; `report` hears of every one, once, at its
    end.
    """

    def __init__(
        self,
        host: str,
        port: int,
        authorize: Callable[[], Decision],
        addresses: AddressPolicy,
        report: Callable[[Opened], None],
    ) -> None:
        self._host = host
        self._port = port
        self._authorize = authorize
        self._addresses = addresses
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
        outcome = self._refused("it was cut")
        try:
            outcome = await self._pass_on(reader, writer)
        except HelloError as fault:
            outcome = self._refused(str(fault), _TLS_FOR_THE_HOST)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            outcome = self._refused("the host does not answer")
        finally:
            self._tasks.discard(task)
            writer.close()
            self._report(outcome)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Opened:
        decision = self._authorize()
        if not decision.allowed:
            return self._refused(decision.reason, decision.deciders)
        hello = await asyncio.wait_for(_read_hello(reader), _HELLO_SECONDS)
        named = server_name(hello)
        if named != self._host:
            return self._refused(f"the TLS connection is for {named[:100]}", _TLS_FOR_THE_HOST)
        address = await self._resolve()
        if address is None:
            return self._refused("the name leads to no address that may be reached", _REACHABLE_ADDRESSES)
        far_reader, far_writer = await asyncio.wait_for(asyncio.open_connection(address, self._port), _CONNECT_SECONDS)
        try:
            far_writer.write(hello)
            counts = await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        finally:
            far_writer.close()
        sent, received = counts[0] + len(hello), counts[1]
        return Opened(self._host, self._port, sent=sent, received=received, deciders=decision.deciders)

    def _refused(self, words: str, deciders: tuple[str, ...] = ()) -> Opened:
        return Opened(self._host, self._port, refused=words, deciders=deciders)

    async def _resolve(self) -> str | None:
        """Return an address that policy permits; one bad address among several makes none of them good."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        addresses = [str(item[4][0]) for item in found]
        return addresses[0] if addresses and all(self._addresses.permits(item) for item in addresses) else None


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

"""Serves the planted sockets for UDP and TCP 53: declared names get their loopback address, others are reported."""

import asyncio
import contextlib
import re
import socket
import time
from collections.abc import Callable, Mapping
from typing import cast

from bailiwick.dataplane.gateways.dns.codec import NAME_ERROR, DnsError, answer, parse_query

_AGAIN_SECONDS = 1.0
_MOST_REMEMBERED = 1000
_TCP_SECONDS = 10.0
# Of one app at once: a resolver library needs one.
_MOST_STREAMS = 32
_MOST_QUERY_BYTES = 1024
_UNUSUAL = re.compile(r"[^a-z0-9._-]")


class DnsGateway:
    """A resolver for one app. `refused` is told of each undeclared name, at most once a second."""

    def __init__(self, names: Mapping[str, str], refused: Callable[[str], None]) -> None:
        self._names = {name.lower(): address for name, address in names.items()}
        self._refused = refused
        self._told: dict[str, float] = {}
        self._streams = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None

    async def start(self, udp: socket.socket, tcp: socket.socket) -> None:
        """Begin to serve both sockets."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=udp)
        self._server = await asyncio.start_server(self._serve_stream, sock=tcp)

    def close(self) -> None:
        """Stop serving."""
        if self._transport is not None:
            self._transport.close()
        if self._server is not None:
            self._server.close()

    def respond(self, data: bytes) -> bytes | None:
        """Return the answer to a query, or None when it is none."""
        try:
            query = parse_query(data)
        except DnsError:
            return None
        address = self._names.get(query.name.rstrip("."))
        if address is None:
            self._tell(query.name)
            return answer(query, code=NAME_ERROR)
        return answer(query, address=address)

    def _tell(self, name: str) -> None:
        now = time.monotonic()
        if now - self._told.get(name, -_AGAIN_SECONDS) < _AGAIN_SECONDS:
            return
        if len(self._told) > _MOST_REMEMBERED:
            self._told.clear()
        self._told[name] = now
        # Whoever asks chooses the name: it may hold what a terminal would obey.
        self._refused(_UNUSUAL.sub("?", name[:253]))

    async def _serve_stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._streams += 1
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, TimeoutError, ConnectionError):
                while self._streams <= _MOST_STREAMS:
                    async with asyncio.timeout(_TCP_SECONDS):
                        length = int.from_bytes(await reader.readexactly(2))
                        response = self.respond(await reader.readexactly(min(length, _MOST_QUERY_BYTES)))
                        if response is None:
                            break
                        writer.write(len(response).to_bytes(2) + response)
                        await writer.drain()
        finally:
            self._streams -= 1
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, gateway: DnsGateway) -> None:
        self._gateway = gateway
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not every event loop's datagram transport derives from asyncio's class.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, address: tuple[str | int, ...]) -> None:
        response = self._gateway.respond(data)
        if response is not None and self._transport is not None:
            self._transport.sendto(response, address)

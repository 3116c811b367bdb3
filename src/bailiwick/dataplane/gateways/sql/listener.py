"""The listener of one planted socket: whoever connects there is that app, using that integration."""

import asyncio
import contextlib
import secrets
import socket
import struct

from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.sql.gateway import Binding, SqlGateway
from bailiwick.dataplane.gateways.sql.session import SqlSession


class SqlListener:
    """Serves every connection to one socket."""

    def __init__(self, gateway: SqlGateway, binding: Binding) -> None:
        self._gateway = gateway
        self._binding = binding
        self._server: asyncio.Server | None = None
        self._sessions: dict[bytes, SqlSession] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, listener: socket.socket) -> None:
        """Begin to serve."""
        self._server = await asyncio.get_running_loop().create_server(lambda: Channel(self._opened), sock=listener)

    def close(self) -> None:
        """Stop serving and cut every connection."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()

    def _opened(self, channel: Channel) -> None:
        task = asyncio.create_task(self._serve(channel))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, channel: Channel) -> None:
        # Event loops do this for sockets that they made themselves; a planted one was made elsewhere.
        channel.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = struct.pack("!II", secrets.randbits(31), secrets.randbits(31))
        session = SqlSession(self._gateway, self._binding, channel, key, self._sessions)
        try:
            with contextlib.suppress(ConnectionError, EOFError):
                await session.run()
        except asyncio.CancelledError:
            channel.abort()
        finally:
            self._sessions.pop(key, None)
            channel.close()

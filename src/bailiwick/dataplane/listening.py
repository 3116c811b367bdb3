"""Listening on one socket: each connection is served in a task of its own, and all are cut when it closes."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

from bailiwick.dataplane.channel import Channel


class Room:
    """How many connections several listeners may have open together; what comes beyond is cut, and counted."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._open = 0
        self._refused = 0

    def enter(self) -> bool:
        """Take a place, unless all are taken."""
        if self._open >= self.most:
            self._refused += 1
            return False
        self._open += 1
        return True

    def leave(self) -> None:
        """Give a place back."""
        self._open -= 1

    def take_refused(self) -> int:
        """Return how many found no place since this was last asked."""
        taken, self._refused = self._refused, 0
        return taken


class Listener:
    """Serves every connection to one socket; `serve` is awaited with each, and ends it by returning.

    Several that are given one `room` bound their connections together.
    """

    def __init__(self, serve: Callable[[Channel], Awaitable[None]]) -> None:
        self.room: Room | None = None
        self._serve = serve
        self._server: asyncio.Server | None = None
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
        if self.room is not None and not self.room.enter():
            channel.abort()
            return
        task = asyncio.create_task(self._served(channel))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _served(self, channel: Channel) -> None:
        # Event loops do this for sockets that they made themselves; a planted one was made elsewhere.
        channel.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with contextlib.suppress(ConnectionError, EOFError):
                await self._serve(channel)
        except asyncio.CancelledError:
            channel.abort()
        finally:
            channel.close()
            if self.room is not None:
                self.room.leave()

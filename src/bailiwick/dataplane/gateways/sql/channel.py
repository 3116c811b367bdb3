"""One side of the wire: keeps what came, at most so much, until it is taken, and makes whoever writes too fast wait.

An asyncio protocol of our own rather than a stream, because a thousand rows are then a few large chunks instead of two
awaits a row. One task reads and writes a channel at a time.
"""

import asyncio
from collections.abc import Callable
from typing import cast

_MOST_WAITING_BYTES = 256 * 1024


class Channel(asyncio.Protocol):
    """The bytes of one connection. `opened` is called once when it is there."""

    def __init__(self, opened: Callable[["Channel"], None] | None = None) -> None:
        self._opened = opened
        self._came = bytearray()
        self._over = False
        self._reading_paused = False
        self._writing_paused = False
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self.transport: asyncio.Transport

    # -- for the session -----------------------------------------------------------------------------------------

    async def exactly(self, count: int) -> bytes:
        """Return the next `count` bytes; raise `EOFError` when the other side ends before."""
        while len(self._came) < count:
            await self._more()
        taken = bytes(self._came[:count])
        del self._came[:count]
        return taken

    async def receive(self) -> bytes:
        """Return everything that has come, waiting for it when there is nothing; raise `EOFError` at the end."""
        while not self._came:
            await self._more()
        taken = bytes(self._came)
        self._came.clear()
        return taken

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits to be taken."""
        return not self._came

    def write(self, data: bytes) -> None:
        """Send bytes without waiting."""
        self.transport.write(data)

    async def drain(self) -> None:
        """Wait while the other side is slower than we are."""
        if self.transport.is_closing():
            raise ConnectionResetError("the other side is gone")
        if self._writing_paused:
            self._writer = asyncio.get_running_loop().create_future()
            await self._writer

    def close(self) -> None:
        """End it once what was written is sent."""
        self.transport.close()

    def abort(self) -> None:
        """End it at once."""
        self.transport.abort()

    async def _more(self) -> None:
        if self._over:
            raise EOFError("the other side ended the connection")
        if self._reading_paused:
            self._reading_paused = False
            self.transport.resume_reading()
        self._reader = asyncio.get_running_loop().create_future()
        await self._reader

    # -- for asyncio ---------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast(asyncio.Transport, transport)
        if self._opened is not None:
            self._opened(self)

    def data_received(self, data: bytes) -> None:
        """Keep bytes; stop reading when more wait than anyone takes."""
        self._came += data
        _wake(self._reader)
        if len(self._came) > _MOST_WAITING_BYTES and not self._reading_paused:
            self._reading_paused = True
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        """Note the end; what is still to be written is written, but TLS cannot be half closed."""
        self._over = True
        _wake(self._reader)
        return self.transport.get_extra_info("sslcontext") is None

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name for it
        """Wake whoever waits."""
        self._over = True
        _wake(self._reader)
        _wake(self._writer, ConnectionResetError("the other side is gone"))

    def pause_writing(self) -> None:
        """Make `drain` wait."""
        self._writing_paused = True

    def resume_writing(self) -> None:
        """Let `drain` go on."""
        self._writing_paused = False
        _wake(self._writer)


def _wake(waiter: asyncio.Future[None] | None, fault: Exception | None = None) -> None:
    if waiter is None or waiter.done():
        return
    if fault is None:
        waiter.set_result(None)
    else:
        waiter.set_exception(fault)

"""One side of the wire: keeps what came, at most so much, until it is taken, and makes whoever writes too fast wait.

An asyncio protocol of our own rather than a stream: what came is taken as it came, in large chunks, and an await costs
one wake-up. At a time one task reads a channel and one writes it.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import cast

_MOST_WAITING_BYTES = 256 * 1024
_LINGER_SECONDS, _LINGER_BYTES = 2.0, 16 * 2**20


class TooLongError(Exception):
    """What was looked for did not come within the bytes that it may take."""


class Channel(asyncio.Protocol):
    """The bytes of one connection. `opened` is called when it is there, `on_end`, if set, once no more can come."""

    def __init__(self, opened: Callable[["Channel"], None] | None = None) -> None:
        self.on_end: Callable[[], None] | None = None
        self._loop = asyncio.get_running_loop()
        self._opened = opened
        self._came = bytearray()
        self._over = False
        self._reading_paused = False
        self._writing_paused = False
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self.transport: asyncio.Transport

    # -- for whoever reads and writes ----------------------------------------------------------------------------

    async def wait(self) -> None:
        """Wait until more has come; raise `EOFError` when the other side has ended."""
        if self._over:
            raise EOFError("the other side ended the connection")
        if self._reading_paused:
            self._reading_paused = False
            self.transport.resume_reading()
        self._reader = self._loop.create_future()
        await self._reader

    async def exactly(self, count: int) -> bytes:
        """Return the next `count` bytes; raise `EOFError` when the other side ends before."""
        while len(self._came) < count:
            await self.wait()
        return self.take(count)

    async def receive(self) -> bytes:
        """Return everything that has come, waiting for it when there is nothing; raise `EOFError` at the end."""
        while not self._came:
            await self.wait()
        return self.take(len(self._came))

    async def until(self, mark: bytes, most_bytes: int) -> bytes:
        """Return what comes up to and with a mark; raise `TooLongError` when that is more than `most_bytes`."""
        seen = 0
        while (place := self._came.find(mark, seen, most_bytes)) < 0:
            if len(self._came) >= most_bytes:
                raise TooLongError
            seen = max(0, len(self._came) - len(mark) + 1)
            await self.wait()
        return self.take(place + len(mark))

    def take(self, most_bytes: int) -> bytes:
        """Return what has come, at most so much, without waiting."""
        taken = bytes(self._came[:most_bytes])
        del self._came[:most_bytes]
        return taken

    @property
    def waiting(self) -> int:
        """How many bytes have come and were not taken yet."""
        return len(self._came)

    @property
    def is_over(self) -> bool:
        """Whether the other side will send nothing more, or we have closed."""
        return self._over or self.transport.is_closing()

    @property
    def address(self) -> str:
        """The network address of the other side, empty where there is none."""
        peer = self.transport.get_extra_info("peername")
        return str(peer[0]) if isinstance(peer, tuple) else ""

    def write(self, data: bytes) -> None:
        """Send bytes without waiting."""
        self.transport.write(data)

    async def drain(self) -> None:
        """Wait while the other side is slower than we are."""
        if self.transport.is_closing():
            raise ConnectionResetError("the other side is gone")
        if self._writing_paused:
            self._writer = self._loop.create_future()
            await self._writer

    def end(self) -> None:
        """Say that we write nothing more; what still comes can be read."""
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def close(self) -> None:
        """End it once what was written is sent."""
        self.transport.close()

    def abort(self) -> None:
        """End it at once."""
        self.transport.abort()

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
        if self.on_end is not None:
            self.on_end()
        return self.transport.get_extra_info("sslcontext") is None

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name for it
        """Wake whoever waits."""
        _wake(self._writer, ConnectionResetError("the other side is gone"))
        if not self._over:
            self.eof_received()

    def pause_writing(self) -> None:
        """Make `drain` wait."""
        self._writing_paused = True

    def resume_writing(self) -> None:
        """Let `drain` go on."""
        self._writing_paused = False
        _wake(self._writer)


async def linger(channel: Channel) -> None:
    """Read on for a moment and a bounded amount: to close while a body still comes would take the answer with it
    (RFC 9112 section 9.6).
    """
    if not channel.is_over:
        channel.end()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(_discard(channel), _LINGER_SECONDS)


async def _discard(channel: Channel) -> None:
    left = _LINGER_BYTES
    while left > 0:
        left -= len(await channel.receive())


def _wake(waiter: asyncio.Future[None] | None, fault: Exception | None = None) -> None:
    if waiter is None or waiter.done():
        return
    if fault is None:
        waiter.set_result(None)
    else:
        waiter.set_exception(fault)

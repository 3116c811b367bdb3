"""One stream of an HTTP/2 connection as a client: its body taken as it is read, its answer sent as windows allow."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.router.client import AnswerHead
from bailiwick.dataplane.router.wire import Headers, TooLargeError

_MOST_PENDING_BYTES = 64 * 1024


class Wire(Protocol):
    """What a stream needs of its connection."""

    def headers(self, stream: int, headers: Headers, *, ends: bool) -> None:
        """Send a head."""

    def taken(self, stream: int, count: int) -> None:
        """Say that bytes of a body were read, so that the client may send as many more."""

    def flush(self) -> None:
        """Send what can be sent, soon."""

    def reset(self, stream: int) -> None:
        """Break a stream off."""


class Http2Client:
    """See `Client`. `pending` is what waits to be sent, `ends` whether nothing comes after it."""

    def __init__(self, wire: Wire, stream: int) -> None:
        self.pending = bytearray()
        self.ends = False
        self._wire = wire
        self._stream = stream
        self._came = bytearray()
        self._all_came = False
        self._gone = False
        self._told: Callable[[], None] | None = None
        self._more = asyncio.Event()
        self._room = asyncio.Event()

    # -- for the connection --------------------------------------------------------------------------------------

    @property
    def has_all(self) -> bool:
        """Whether the whole body has come."""
        return self._all_came

    def receive(self, data: bytes) -> None:
        """Keep a piece of the body; the window says how many bytes can come before some are read."""
        self._came += data
        self._more.set()

    def receive_end(self) -> None:
        """Note that the body is whole."""
        self._all_came = True
        self._more.set()

    def sent(self) -> None:
        """Note that some of what was pending is on its way."""
        if len(self.pending) <= _MOST_PENDING_BYTES:
            self._room.set()

    def end(self) -> None:
        """Note that the client went away, or that the stream was broken off."""
        if self._gone:
            return
        self._gone = True
        self.pending.clear()
        self._more.set()
        self._room.set()
        if self._told is not None:
            self._told()

    # -- for whoever answers -------------------------------------------------------------------------------------

    @property
    def is_gone(self) -> bool:
        """Whether nobody waits for an answer any more."""
        return self._gone

    @property
    def on_end(self) -> Callable[[], None] | None:
        """What is called when the client went away, also when that was before it was asked for."""
        return self._told

    @on_end.setter
    def on_end(self, told: Callable[[], None] | None) -> None:
        self._told = told
        if self._gone and told is not None:
            told()

    def carry_on(self) -> None:
        """Say that the body may be sent, where it was not begun."""
        if not self._came and not self._gone:
            self._wire.headers(self._stream, [(b":status", b"100")], ends=False)

    def body_at_hand(self, length: int) -> bytes | None:
        """Return a body of this length when all of it has come."""
        return self._take() if self._all_came and len(self._came) == length else None

    async def body(self, length: int | None, most_bytes: int) -> AsyncIterator[bytes]:
        """Yield a body, in chunks where nobody said how long it is."""
        total = 0
        while True:
            while not self._came and not self._all_came and not self._gone:
                self._more.clear()
                await self._more.wait()
            if self._gone:
                raise EOFError("the client ended the request")
            piece = self._take()
            total += len(piece)
            if total > most_bytes:
                raise TooLargeError(most_bytes)
            if piece:
                yield piece if length is not None else b"%x\r\n%b\r\n" % (len(piece), piece)
            if self._all_came and not self._came:
                break
        if length is None:
            yield b"0\r\n\r\n"

    def send(self, head: AnswerHead | None, piece: bytes, *, ends: bool) -> None:
        """Send the next of an answer."""
        if self._gone:
            return
        if head is not None:
            own = [(name.lower(), value.strip()) for name, value in head.headers]
            only = ends and not piece
            self._wire.headers(self._stream, [(b":status", b"%d" % head.status), *own], ends=only)
            if only:
                return
        self.pending += piece
        self.ends = ends
        self._wire.flush()

    async def drain(self) -> None:
        """Wait while the client is slower than the app."""
        while len(self.pending) > _MOST_PENDING_BYTES:
            self._room.clear()
            await self._room.wait()
        if self._gone:
            raise ConnectionResetError("the client is gone")

    async def finished(self) -> None:
        """Wait until all that was to be sent is on its way, or the client went away."""
        while self.pending and not self._gone:
            self._room.clear()
            await self._room.wait()

    def upgrade(self) -> Channel:
        """Refuse: a stream is no connection (RFC 9113 section 8.6), and no request of one asks for this."""
        raise ConnectionResetError("an HTTP/2 stream becomes no other protocol")

    def abort(self) -> None:
        """Break off this stream; others go on."""
        if not self._gone:
            self._wire.reset(self._stream)
            self.end()

    def _take(self) -> bytes:
        taken = bytes(self._came)
        self._came.clear()
        self._wire.taken(self._stream, len(taken))
        return taken

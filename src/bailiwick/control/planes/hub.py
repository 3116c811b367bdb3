"""The hub: live streams to planes. Orders go out first and at once, the state that makes them lasting follows."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

from bailiwick.core.clock import Clock
from bailiwick.core.messages import (
    STATE_TYPE,
    DesiredState,
    Heartbeat,
    KillOrder,
    Message,
    RunJobOrder,
    encode_downlink,
)
from bailiwick.core.statements import SigningKey, seal

HEARTBEAT_SECONDS = 5.0


@dataclass(eq=False)
class _Stream:
    frames: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)
    stale: bool = True


class PlaneHub:
    """Who listens, and what they must hear. `state_of` builds the desired state of a plane (it may use the database).

    `broadcast` and `refresh` may be called from any thread; everything else runs on the loop given to `attach`.
    """

    def __init__(self, state_of: Callable[[str], DesiredState], key: SigningKey, clock: Clock) -> None:
        self._state_of = state_of
        self._key = key
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._streams: dict[str, set[_Stream]] = {}

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Name the loop on which streams are served."""
        self._loop = loop

    @property
    def connected(self) -> Mapping[str, int]:
        """How many streams each plane has open."""
        return {plane: len(streams) for plane, streams in self._streams.items() if streams}

    def broadcast(self, order: KillOrder | RunJobOrder) -> None:
        """Send an order to every plane that listens, before anything else that waits."""
        self._on_loop(lambda: self._put(order))

    def refresh(self) -> None:
        """Tell every plane its desired state anew."""
        self._on_loop(self._mark_stale)

    async def frames(self, plane: str) -> AsyncIterator[bytes]:
        """Yield the frames of one plane's stream as lines, without end: state first, then whatever happens."""
        stream = _Stream()
        self._streams.setdefault(plane, set()).add(stream)
        try:
            while True:
                yield self._frame(await self._next(stream, plane))
        finally:
            self._streams[plane].discard(stream)

    async def _next(self, stream: _Stream, plane: str) -> Message:
        if stream.stale and stream.frames.empty():
            stream.stale = False
            return await asyncio.to_thread(self._state_of, plane)
        try:
            message = await asyncio.wait_for(stream.frames.get(), HEARTBEAT_SECONDS)
        except TimeoutError:
            return Heartbeat(time=self._clock())
        return message if not isinstance(message, Heartbeat) else await self._next(stream, plane)

    def _frame(self, message: Message) -> bytes:
        envelope = seal(encode_downlink(message), self._key, STATE_TYPE)
        return envelope.model_dump_json(by_alias=True).encode() + b"\n"

    def _put(self, message: Message) -> None:
        for streams in self._streams.values():
            for stream in streams:
                stream.frames.put_nowait(message)

    def _mark_stale(self) -> None:
        for streams in self._streams.values():
            for stream in streams:
                stream.stale = True
                # Wakes a stream that waits; `_next` then answers with the state instead.
                stream.frames.put_nowait(Heartbeat(time=self._clock()))

    def _on_loop(self, action: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(action)

"""The hub: live streams to planes. Orders go out first and at once, the state that makes them lasting follows.

Changes are numbered. A plane says which state it has taken over, so that whoever made a change can wait until every
plane that listens acts on it: no plane allows what was taken away once that was acknowledged.
"""

import asyncio
import concurrent.futures
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

from bailiwick.core.clock import Clock
from bailiwick.core.errors import UnavailableError
from bailiwick.core.messages import (
    STATE_TYPE,
    AnyAnswer,
    AskOrder,
    AttackOrder,
    DesiredState,
    EnqueueOrder,
    Heartbeat,
    KillOrder,
    Message,
    PlaneAnswer,
    RestoreOrder,
    RunJobOrder,
    encode_downlink,
)
from bailiwick.core.statements import SigningKey, seal

HEARTBEAT_SECONDS = 5.0
SETTLE_SECONDS = 2.0
# Questions that wait for an answer, of everybody together.
_MOST_ASKED = 200
_LOG = logging.getLogger("bailiwick.planes")


@dataclass(eq=False)
class _Stream:
    frames: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)
    stale: bool = True
    # Desired states on their way, by version: the number of the last change that each of them holds.
    sent: dict[int, int] = field(default_factory=dict)


class PlaneHub:
    """Who listens, and what they must hear. `state_of` builds the desired state of a plane (it may use the database).

    `broadcast`, `tell` and `settle` may be called from any thread; everything else runs on the loop given to `attach`.
    """

    def __init__(self, state_of: Callable[[str], DesiredState], key: SigningKey, clock: Clock) -> None:
        self._state_of = state_of
        self._key = key
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._streams: dict[str, set[_Stream]] = {}
        self._changes = 0
        self._taken: dict[str, int] = {}
        self._lagging: set[str] = set()
        self._progress = asyncio.Event()
        self._asked: dict[str, tuple[str, concurrent.futures.Future[AnyAnswer]]] = {}

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Name the loop on which streams are served."""
        self._loop = loop

    @property
    def connected(self) -> Mapping[str, int]:
        """How many streams each plane has open."""
        return {plane: len(streams) for plane, streams in self._streams.items() if streams}

    def broadcast(self, order: KillOrder | RunJobOrder | EnqueueOrder | RestoreOrder | AttackOrder) -> None:
        """Send an order to every plane that listens, before anything else that waits."""
        self._on_loop(lambda: self._put(order))

    def ask(self, order: AskOrder, seconds: float) -> AnyAnswer:
        """Return what a plane answers to a question; raise `UnavailableError` when it does not, in so many seconds.

        The asker's thread waits, so this is not for the hub's own loop.
        """
        if not self.connected.get(order.plane):
            raise UnavailableError(f"the plane {order.plane} is not connected", hint="try again in a moment")
        if len(self._asked) >= _MOST_ASKED:
            raise UnavailableError("planes are asked much just now", hint="try again in a moment")
        answer: concurrent.futures.Future[AnyAnswer] = concurrent.futures.Future()
        self._asked[order.id] = (order.plane, answer)
        try:
            self._on_loop(lambda: self._put_to_one(order))
            return answer.result(seconds)
        except concurrent.futures.TimeoutError:
            raise UnavailableError(f"the plane {order.plane} did not answer", hint="try again in a moment") from None
        finally:
            del self._asked[order.id]

    def answered(self, plane: str, answer: PlaneAnswer) -> None:
        """Take an answer, when somebody still waits for one of this plane."""
        asked, waiting = self._asked.get(answer.id, ("", None))
        if waiting is not None and asked == plane and not waiting.done():
            waiting.set_result(answer.answer)

    def tell(self) -> None:
        """Tell every plane its desired state anew, and wait for none."""
        self._on_loop(self._mark_stale)

    def settle(self) -> frozenset[str]:
        """Tell every plane its desired state anew, and return once all that listen act on it.

        Returns the planes that did not say so within two seconds. They are not waited for again until they answer:
        one that hangs must not hold up every change. On the hub's own loop nothing can be waited for.
        """
        loop = self._loop
        if loop is None or loop.is_closed():
            return frozenset()
        if loop is _running_loop():
            self._mark_stale()
            return frozenset()
        try:
            return asyncio.run_coroutine_threadsafe(self._settled(), loop).result(SETTLE_SECONDS + 1)
        except (concurrent.futures.TimeoutError, concurrent.futures.CancelledError):
            return frozenset()

    def taken(self, plane: str, version: int) -> None:
        """Note that a plane acts on the desired state of this version."""
        self._lagging.discard(plane)
        for stream in self._streams.get(plane, ()):
            held = [change for sent, change in stream.sent.items() if sent <= version]
            stream.sent = {sent: change for sent, change in stream.sent.items() if sent > version}
            self._taken[plane] = max([self._taken.get(plane, 0), *held])
        self._wake()

    async def frames(self, plane: str) -> AsyncIterator[bytes]:
        """Yield the frames of one plane's stream as lines, without end: state first, then whatever happens."""
        stream = _Stream()
        self._streams.setdefault(plane, set()).add(stream)
        try:
            while True:
                yield self._frame(await self._next(stream, plane))
        finally:
            self._streams[plane].discard(stream)
            self._wake()

    async def _next(self, stream: _Stream, plane: str) -> Message:
        if stream.stale and stream.frames.empty():
            stream.stale = False
            change = self._changes
            state = await asyncio.to_thread(self._state_of, plane)
            stream.sent[state.version] = change
            return state
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

    def _put_to_one(self, order: AskOrder) -> None:
        """Ask on one stream only: a plane that dialled anew has two for a moment."""
        for stream in self._streams.get(order.plane, ()):
            stream.frames.put_nowait(order)
            return

    async def _settled(self) -> frozenset[str]:
        self._mark_stale()
        change = self._changes
        over = asyncio.get_running_loop().time() + SETTLE_SECONDS
        while behind := frozenset(
            plane for plane in self.connected if plane not in self._lagging and self._taken.get(plane, 0) < change
        ):
            try:
                async with asyncio.timeout_at(over):
                    await self._progress.wait()
            except TimeoutError:
                self._lagging |= behind
                _LOG.warning("no answer within %.0f s from: %s", SETTLE_SECONDS, ", ".join(sorted(behind)))
                self._wake()
                break
        return frozenset(self._lagging & self.connected.keys())

    def _wake(self) -> None:
        self._progress.set()
        self._progress = asyncio.Event()

    def _mark_stale(self) -> None:
        self._changes += 1
        for streams in self._streams.values():
            for stream in streams:
                stream.stale = True
                # Wakes a stream that waits; `_next` then answers with the state instead.
                stream.frames.put_nowait(Heartbeat(time=self._clock()))

    def _on_loop(self, action: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(action)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None

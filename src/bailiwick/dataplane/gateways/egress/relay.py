"""Passes bytes between two sockets, both ways, inside the kernel (splice(2)): a byte is never copied to be passed on.

A side that is slower than the other makes that one wait, by not being read. A side that has said all that it has to say
is told on to the other, which may still answer. What breaks on one side ends both.
"""

import asyncio
import contextlib
import math
import os
import socket
from collections.abc import Callable

from bailiwick.dataplane.gateways.egress.connection import SPENT
from bailiwick.dataplane.gateways.egress.deadline import Deadline
from bailiwick.dataplane.gateways.egress.pipes import Pipe, Pipes

_PIECE = 1024 * 1024
# So many pieces at once at most: others are served in between.
_TURN = 8
# Bytes are accounted for in lots of so many, or after so long.
_TELL_BYTES = 512 * 1024
_TELL_SECONDS = 0.02
_HOW = os.SPLICE_F_MOVE | os.SPLICE_F_NONBLOCK


class Relay:
    """One connection of an app and its connection to the host.

    `paced_out` and `paced` say how long to wait after so many bytes to the host and from it.
    """

    def __init__(
        self,
        near: socket.socket,
        far: socket.socket,
        pipes: Pipes,
        paced_out: Callable[[int], float],
        paced: Callable[[int], float],
    ) -> None:
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._out = _Way(near, far, pipes, paced_out, self)
        self._back = _Way(far, near, pipes, paced, self)
        self.because = ""
        self.deadline: Deadline | None = None

    @property
    def sent(self) -> int:
        """How many bytes went to the host."""
        return self._out.passed

    @property
    def received(self) -> int:
        """How many bytes came from the host."""
        return self._back.passed

    async def run(self, idle_seconds: float, total_seconds: float) -> None:
        """Pass on until both sides have ended, one breaks, or a limit cuts it; `because` says which limit."""
        self.deadline = Deadline(idle_seconds, total_seconds, self.cut)
        try:
            self._out.start()
            self._back.start()
            self._out.begin()
            await self._over
        finally:
            self.deadline.stop()
            self._out.stop()
            self._back.stop()

    def touched(self) -> float:
        """Note that something passed, and return the time."""
        return self.deadline.touch() if self.deadline is not None else 0.0

    def cut(self, because: str) -> None:
        """End it now."""
        self.because = self.because or because
        self.end()

    def end(self) -> None:
        """Wake whoever waits for its end."""
        if not self._over.done():
            self._over.set_result(None)

    def side_ended(self) -> None:
        """Note that one side has said all; when both have, it is over."""
        if self._out.is_over and self._back.is_over:
            self.end()


class _Way:
    """One way of a relay: from where there is something to read to where it can be written."""

    def __init__(
        self, source: socket.socket, target: socket.socket, pipes: Pipes, paced: Callable[[int], float], relay: Relay
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._source, self._target = source, target
        self._from, self._to = source.fileno(), target.fileno()
        self._pipes = pipes
        self._paced = paced
        self._relay = relay
        self._held: Pipe | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._untold = 0
        self._told = 0.0
        self.passed = 0
        self.is_over = False

    def start(self) -> None:
        self._loop.add_reader(self._from, self._readable)

    def begin(self) -> None:
        """Pass on what is there already, without being told of it."""
        self._readable()

    def stop(self) -> None:
        self._loop.remove_reader(self._from)
        self._loop.remove_writer(self._to)
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        if self._held is not None:
            self._pipes.give_back(self._held)
            self._held = None
        self.is_over = True
        self._tell()

    def _readable(self) -> None:
        pipe = self._pipes.take()
        before = self.passed
        try:
            for _ in range(_TURN):
                pipe.holds = os.splice(self._from, pipe.into, _PIECE, flags=_HOW)
                if not pipe.holds:
                    self._ended()
                    break
                if not self._empty(pipe):
                    self._wait_for_target(pipe)
                    break
                self._moved(self.passed - before)
                before = self.passed
                if self._pause is not None or self._relay.because:
                    break
        except BlockingIOError:
            pass
        except OSError:
            self._relay.end()
        if self._held is None:
            self._pipes.give_back(pipe)
        self._moved(self.passed - before)

    def _empty(self, pipe: Pipe) -> bool:
        """Write what is in a pipe; return whether all of it could be written."""
        try:
            while pipe.holds:
                written = os.splice(pipe.out, self._to, pipe.holds, flags=_HOW)
                pipe.holds -= written
                self.passed += written
        except BlockingIOError:
            return False
        return True

    def _wait_for_target(self, pipe: Pipe) -> None:
        self._held = pipe
        self._loop.remove_reader(self._from)
        self._loop.add_writer(self._to, self._writable)

    def _writable(self) -> None:
        pipe = self._held
        if pipe is None:
            return
        before = self.passed
        try:
            emptied = self._empty(pipe)
        except OSError:
            self._relay.end()
            return
        if emptied:
            self._held = None
            self._pipes.give_back(pipe)
            self._loop.remove_writer(self._to)
            self._loop.add_reader(self._from, self._readable)
        self._moved(self.passed - before)

    def _moved(self, count: int) -> None:
        if not count:
            return
        self._untold += count
        now = self._relay.touched()
        if self._untold >= _TELL_BYTES or now >= self._told + _TELL_SECONDS:
            self._told = now
            self._tell()

    def _tell(self) -> None:
        """Account for what passed since the last time, and wait where that was too much."""
        count, self._untold = self._untold, 0
        seconds = self._paced(count) if count else 0.0
        if math.isinf(seconds):
            self._relay.cut(SPENT)
        elif seconds > 0 and not self.is_over and self._held is None:
            self._loop.remove_reader(self._from)
            self._pause = self._loop.call_later(seconds, self._go_on)

    def _go_on(self) -> None:
        self._pause = None
        self._loop.add_reader(self._from, self._readable)

    def _ended(self) -> None:
        """Tell the target that nothing more comes; it may still have something to say."""
        self.is_over = True
        self._tell()
        self._loop.remove_reader(self._from)
        with contextlib.suppress(OSError):
            self._target.shutdown(socket.SHUT_WR)
        self._relay.side_ended()

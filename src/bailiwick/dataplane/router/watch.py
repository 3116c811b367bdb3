"""One timer for a whole connection: what is waited for changes with every request, the timer is armed seldom."""

import asyncio
from typing import Protocol


class Waited(Protocol):
    """What may be waited for."""

    def abort(self) -> None:
        """End it at once."""


class Watch:
    """Aborts the channel from which nothing came in time; who waits for it sees its end, and `ran_out` says why."""

    def __init__(self) -> None:
        self.ran_out = False
        self._loop = asyncio.get_running_loop()
        self._channel: Waited | None = None
        self._over = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def expect(self, channel: Waited, seconds: float) -> None:
        """Wait so long for this channel, instead of what was waited for before."""
        self.ran_out = False
        self._channel = channel
        self._over = self._loop.time() + seconds
        if self._timer is not None and self._over < self._timer.when():
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_later(seconds, self._look)

    def now(self) -> float:
        """Return the time that is waited by, in seconds."""
        return self._loop.time()

    def rest(self) -> None:
        """Wait for nothing now."""
        self._channel = None

    def stop(self) -> None:
        """Let the timer go."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self._timer = None
        if self._channel is None:
            return
        left = self._over - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self.ran_out = True
            self._channel.abort()

"""How long a connection may be idle, and how long it may be there at all."""

import asyncio
from collections.abc import Callable


class Deadline:
    """Calls `cut` once, with the reason, when a connection has been idle or open for too long.

    `touch` is called with every piece: it notes the time only, and the timer looks at it when it would be over.
    """

    def __init__(self, idle_seconds: float, total_seconds: float, cut: Callable[[str], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._idle_seconds = idle_seconds
        self._total_seconds = total_seconds
        self._cut = cut
        self._began = self._last = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._arm()

    def touch(self) -> float:
        """Note that something passed, and return the time."""
        self._last = self._loop.time()
        return self._last

    def stop(self) -> None:
        """Let the timer go."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        over = min(self._last + self._idle_seconds, self._began + self._total_seconds)
        self._timer = self._loop.call_at(over, self._look)

    def _look(self) -> None:
        self._timer = None
        now = self._loop.time()
        if now >= self._began + self._total_seconds:
            self._cut(f"it was open for {self._total_seconds:g} seconds, which is the limit")
        elif now >= self._last + self._idle_seconds:
            self._cut(f"nothing passed for {self._idle_seconds:g} seconds")
        else:
            self._arm()

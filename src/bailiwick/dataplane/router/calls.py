"""Requests in flight: which trace id belongs to whose request, so that a gateway can turn it back into the person."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from bailiwick.core.principals import Call

GRACE_SECONDS = 5.0


class CallRegistry:
    """Trace ids of requests in flight, and for a short grace after, as an app may finish a query late."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._calls: dict[str, Call] = {}
        self._ending: OrderedDict[str, float] = OrderedDict()

    def begin(self, call: Call) -> None:
        """Remember a request that starts."""
        self._calls[call.trace] = call

    def end(self, trace: str) -> None:
        """Let a request go; its trace id works for the grace only."""
        self._ending[trace] = self._clock() + GRACE_SECONDS
        self._sweep()

    def end_release(self, app: str, release: str) -> None:
        """Forget every request of a release at once: it was stopped. What the app serves in another mode goes on."""
        for trace in [trace for trace, call in self._calls.items() if (call.app, call.release) == (app, release)]:
            del self._calls[trace]
            self._ending.pop(trace, None)

    def end_revoked(self, epochs: Mapping[str, int]) -> None:
        """Forget every request, also one in its grace, of somebody whose credentials ended."""
        for trace in [trace for trace, call in self._calls.items() if call.identity.is_revoked(epochs)]:
            del self._calls[trace]
            self._ending.pop(trace, None)

    def resolve(self, trace: str) -> Call | None:
        """Return the request of a trace id, or None when none is in flight."""
        self._sweep()
        return self._calls.get(trace)

    def _sweep(self) -> None:
        now = self._clock()
        while self._ending:
            trace, over = next(iter(self._ending.items()))
            if over > now:
                return
            del self._ending[trace]
            self._calls.pop(trace, None)

"""The circuit breaker: a system that fails is left alone, and tried by one call at a time until it answers again."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bailiwick.core.messages import Breaker, BreakerState

_WINDOW_SECONDS = 30.0
_MOST_KEPT = 2000


@dataclass(slots=True)
class CircuitBreaker:
    """Closed while a system works, open after failures, half open while one call tries it.

    `on_change` is told each new state with the reason. Times are seconds of a monotonic clock.
    """

    rules: Breaker
    on_change: Callable[[BreakerState, str], None]
    state: BreakerState = "closed"
    words: str = ""
    _in_a_row: int = 0
    _seen: deque[tuple[float, bool]] = field(default_factory=deque)
    _opened: float = 0.0
    _trying: bool = False

    def wait_seconds(self, now: float) -> float:
        """Return how long until a call may be made, 0 when one may be now."""
        if self.state == "closed":
            return 0.0
        left = self._opened + self.rules.open_seconds - now
        return left if left > 0 else (self.rules.open_seconds if self._trying else 0.0)

    def begin(self) -> bool:
        """Note that a call is made, which `wait_seconds` let through; return whether it is the one that tries."""
        if self.state == "closed":
            return False
        self._trying = True
        if self.state == "open":
            self._become("half-open", self.words)
        return True

    def answered(self, now: float, *, tried: bool) -> None:
        """Note a call that was answered. One that began before the breaker opened says nothing of now."""
        if tried:
            self._trying = False
            self._in_a_row = 0
            self._seen.clear()
            self._become("closed", "")
        elif self.state == "closed":
            self._in_a_row = 0
            self._note(now, failed=False)

    def failed(self, now: float, words: str, *, tried: bool) -> None:
        """Note a call that the system did not answer, or answered with a fault of its own."""
        if tried:
            self._trying = False
            self._open(now, words)
        elif self.state == "closed":
            self._in_a_row += 1
            self._note(now, failed=True)
            if self._in_a_row >= self.rules.failures:
                self._open(now, f"{self._in_a_row} calls in a row failed, the last: {words}")
            elif len(self._seen) >= self.rules.calls:
                failures = sum(failed for _, failed in self._seen)
                if failures >= self.rules.share * len(self._seen):
                    self._open(now, f"{failures} of {len(self._seen)} calls in 30 s failed, the last: {words}")

    def left(self, *, tried: bool) -> None:
        """Note a call that ended without saying anything of the system, such as one whose caller went away."""
        if tried:
            self._trying = False

    def _note(self, now: float, *, failed: bool) -> None:
        self._seen.append((now, failed))
        while self._seen[0][0] < now - _WINDOW_SECONDS or len(self._seen) > _MOST_KEPT:
            self._seen.popleft()

    def _open(self, now: float, words: str) -> None:
        self._opened, self._in_a_row = now, 0
        self._seen.clear()
        self._become("open", words)

    def _become(self, state: BreakerState, words: str) -> None:
        changed, self.state, self.words = state != self.state, state, words
        if changed:
            self.on_change(state, words)

"""Crash loops: an app that is started again and again, as it ends by itself or does not come up."""

from collections import deque
from dataclasses import dataclass, field

from bailiwick.core.guardrails import CrashRails
from bailiwick.dataplane.guard.trips import Trip


@dataclass
class CrashLoop:
    """The starts of an app after it ended, as far as they matter; those that somebody asked for are none."""

    limits: CrashRails
    _starts: deque[float] = field(default_factory=deque)

    def observe(self, now: float) -> Trip | None:
        """Take one start; return that the app must be stopped, or None."""
        most, seconds = self.limits.starts, self.limits.minutes * 60
        self._starts.append(now)
        while self._starts and self._starts[0] < now - seconds:
            self._starts.popleft()
        while len(self._starts) > max(most, 1):
            self._starts.popleft()
        if not most or len(self._starts) < most:
            return None
        words = f"it had to be started again {most} times within {self.limits.minutes:g} minutes"
        return Trip("crash-loop", words, {"starts": most, "within_seconds": round(now - self._starts[0], 1)})

    def start_afresh(self) -> None:
        """Forget the starts so far."""
        self._starts.clear()

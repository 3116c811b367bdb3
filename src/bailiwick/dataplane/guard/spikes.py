"""Error spikes: decides from a stream of answers whether an app fails so much that it must be stopped.

Three windows together, because each alone is blind somewhere: a sliding time window misses apps with few requests, a
window by count is slow at the start, a run of consecutive errors catches an app that is broken altogether.
"""

from collections import deque
from dataclasses import dataclass, field

from bailiwick.core.guardrails import ErrorRails


@dataclass
class ErrorSpike:
    """What one release has answered lately. Times are seconds of a monotonic clock."""

    limits: ErrorRails
    _recent: deque[tuple[float, bool]] = field(default_factory=deque)
    _errors_in_window: int = 0
    _last: deque[bool] = field(default_factory=deque)
    _consecutive: int = 0

    def observe(self, now: float, *, failed: bool) -> str:
        """Take one answer; return why the app must be stopped, or an empty string."""
        self._recent.append((now, failed))
        self._errors_in_window += failed
        while self._recent and now - self._recent[0][0] > self.limits.window_seconds:
            self._errors_in_window -= self._recent.popleft()[1]
        self._last.append(failed)
        if len(self._last) > self.limits.window_requests:
            self._last.popleft()
        self._consecutive = self._consecutive + 1 if failed else 0
        return self._verdict() if failed else ""

    def counters(self) -> dict[str, float]:
        """Return the figures that the decision rests on, for the evidence."""
        return {
            "consecutive_errors": float(self._consecutive),
            "last_requests": float(len(self._last)),
            "last_errors": float(sum(self._last)),
            "window_requests": float(len(self._recent)),
            "window_errors": float(self._errors_in_window),
            "window_seconds": self.limits.window_seconds,
        }

    def _verdict(self) -> str:
        if self._consecutive >= self.limits.consecutive_errors:
            return f"{self._consecutive} requests in a row failed"
        full = len(self._last) >= self.limits.window_requests
        if full and sum(self._last) >= self.limits.error_ratio * len(self._last):
            return f"{sum(self._last)} of the last {len(self._last)} requests failed"
        many = len(self._recent) >= self.limits.window_requests
        if many and self._errors_in_window >= self.limits.error_ratio * len(self._recent):
            seconds = self.limits.window_seconds
            return f"{self._errors_in_window} of {len(self._recent)} requests failed within {seconds:g} s"
        return ""

"""Rules about an app's answers: errors that jump against its own usual share, and answers that become far too slow."""

from dataclasses import dataclass, field
from math import inf

from bailiwick.core.guardrails import DurationRails, ErrorRails
from bailiwick.dataplane.guard.baselines import UsualDuration, UsualShare
from bailiwick.dataplane.guard.shares import WINDOW_SECONDS, ShareSpike
from bailiwick.dataplane.guard.trips import Trip

_LEAST_USUAL, _MOST_USUAL = 0.02, 0.5
# An app that always fails a little is judged by twice that, and stopped from four times that on.
_CHANCE_FACTOR, _SPIKE_FACTOR = 2.0, 4.0
# Of answers that are a multiple of what 95 % are within, there are hardly any.
_USUALLY_SLOW = 0.02


@dataclass
class ErrorRate:
    """Errors against what is usual for the app."""

    limits: ErrorRails
    usual: UsualShare = field(default_factory=UsualShare)
    _last: ShareSpike = field(default_factory=ShareSpike)

    def observe(self, now: float, *, failed: bool) -> Trip | None:
        """Take one answer; return that the app must be stopped, or None."""
        self._last.observe(now, bad=failed)
        self.usual.observe(now, bad=failed)
        if not failed or not self.limits.spike_ratio:
            return None
        chance = min(max(_CHANCE_FACTOR * self.usual.share, _LEAST_USUAL), _MOST_USUAL)
        if not self._last.jumped(chance, max(self.limits.spike_ratio, _SPIKE_FACTOR * self.usual.share)):
            return None
        words = f"{self._last.bad} of {self._last.all} requests failed within a second"
        return Trip(
            "error-rate",
            f"{words}; {self.usual.share:.1%} do usually",
            {
                "errors_in_a_second": self._last.bad,
                "requests_in_a_second": self._last.all,
                "usual_error_share": round(self.usual.share, 5),
                "window_seconds": WINDOW_SECONDS,
            },
        )

    def start_afresh(self) -> None:
        """Forget what was answered lately; what is usual stays known."""
        self._last.clear()


@dataclass
class LatencyCollapse:
    """Durations against what 95 % of the app's answers usually are within."""

    limits: DurationRails
    usual: UsualDuration = field(default_factory=UsualDuration)
    _last: ShareSpike = field(default_factory=ShareSpike)

    def observe(self, now: float, milliseconds: float) -> Trip | None:
        """Take one answer's duration; return that the app must be stopped, or None."""
        usual = self.usual.p95_ms
        slow = milliseconds > max(self.limits.slow_floor_ms, self.limits.slow_factor * usual)
        self._last.observe(now, bad=slow)
        self.usual.observe(now, milliseconds)
        if not slow or usual == inf or not self.limits.slow_ratio:
            return None
        if not self._last.jumped(_USUALLY_SLOW, self.limits.slow_ratio):
            return None
        bound = max(self.limits.slow_floor_ms, self.limits.slow_factor * usual)
        return Trip(
            "latency",
            f"{self._last.bad} of {self._last.all} answers within a second took longer than {bound:,.0f} ms; "
            f"95 % usually take less than {usual:,.0f} ms",
            {
                "slow_in_a_second": self._last.bad,
                "requests_in_a_second": self._last.all,
                "usual_p95_ms": round(usual, 1),
                "slow_from_ms": round(bound, 1),
            },
        )

    def start_afresh(self) -> None:
        """Forget what was answered lately; what is usual stays known."""
        self._last.clear()

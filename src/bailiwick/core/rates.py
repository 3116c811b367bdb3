"""Rate limits by the generic cell rate algorithm: smooth, exact, one number a key (ITU-T I.371)."""

from dataclasses import dataclass, field


@dataclass
class RateLimit:
    """Allows `per_second` on average and bursts of one second's worth. Times are seconds of a monotonic clock."""

    per_second: float
    _theoretical: float = field(default=0.0)

    def wait_seconds(self, now: float, share: float = 1.0) -> float:
        """Take one; return 0 when it is allowed, else how many seconds to wait (nothing is taken then).

        Who has a `share` below 1 of the burst gets nothing once others have used up more than that.
        """
        interval = 1.0 / self.per_second
        arrival = max(now, self._theoretical)
        early = arrival + interval - now
        if early > share + interval:
            return arrival - now - share
        self._theoretical = arrival + interval
        return 0.0

    def spend(self, now: float, amount: float) -> float:
        """Take so many, which are gone already; return how many seconds to wait before more are taken."""
        self._theoretical = max(now, self._theoretical) + amount / self.per_second
        return max(0.0, self._theoretical - now - 1.0)

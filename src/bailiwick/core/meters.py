"""How fast something goes: the generic cell rate algorithm, in memory.

The algorithm is that of ITU-T I.371, annex A: one number, the time at which the next call would be due if all came
evenly. A call may come earlier than that by as much as the burst is worth.
"""

from dataclasses import dataclass

from bailiwick.core.messages import Rate

_ROUNDED_SECONDS = 1e-6


@dataclass(slots=True)
class Meter:
    """Counts calls against a rate; times are seconds of a monotonic clock."""

    rate: Rate
    _due: float = 0.0

    def wait_seconds(self, now: float, cost: int = 1, share: float = 1.0) -> float:
        """Return how long until `cost` calls fit, 0 when they do now; nothing is taken.

        Who has a `share` below 1 of the burst gets nothing once others have used up more than that, but a single call.
        """
        interval, most = self._interval, self._most(share)
        # Nothing is added to the time itself: what is rounded away then would keep an idle rate closed for ever.
        early = max(0.0, self._due - now) + interval * (min(cost, most) - most)
        return early if early > _ROUNDED_SECONDS else 0.0

    def take(self, now: float, cost: int = 1) -> None:
        """Take calls, which fit or must be counted all the same."""
        self._due = max(now, self._due) + self._interval * min(cost, self._most(1.0))

    def used(self, now: float) -> float:
        """Return which share of the burst is used up."""
        return max(0.0, self._due - now) / (self._interval * self.rate.most_at_once)

    def is_idle(self, now: float) -> bool:
        """Whether nothing would be lost by forgetting this."""
        return self._due <= now

    @property
    def _interval(self) -> float:
        return self.rate.seconds / self.rate.calls

    def _most(self, share: float) -> int:
        return max(1, int(self.rate.most_at_once * share))

"""A share that jumps: of the answers of the last second, so many are bad that chance does not explain it.

Chance is judged by the relative entropy of what is seen against what is usual (Chernoff's bound: so many bad ones come
by chance less often than once in e to that power). Bad answers that come all at once, as those of one page that asks
six times, are one event: what trips is spread over the better part of half a second.
"""

from collections import deque
from dataclasses import dataclass, field
from math import log

WINDOW_SECONDS = 1.0
_BUCKET_SECONDS = 0.05
_LEAST_BAD = 4
_LEAST_SPAN_SECONDS = 0.4
# At five requests a second a week has three million of them: e to this power is what keeps it without a false alarm.
_EVIDENCE = 15.0


@dataclass(slots=True)
class _Bucket:
    number: int
    all: int = 0
    bad: int = 0


@dataclass
class ShareSpike:
    """The answers of the last second, in buckets. Times are seconds of a clock that does not go back."""

    _buckets: deque[_Bucket] = field(default_factory=deque)
    all: int = 0
    bad: int = 0

    def observe(self, now: float, *, bad: bool) -> None:
        """Take one answer."""
        number = int(now / _BUCKET_SECONDS)
        if not self._buckets or self._buckets[-1].number != number:
            self._buckets.append(_Bucket(number))
            oldest = int((now - WINDOW_SECONDS) / _BUCKET_SECONDS)
            while self._buckets[0].number <= oldest:
                gone = self._buckets.popleft()
                self.all -= gone.all
                self.bad -= gone.bad
        last = self._buckets[-1]
        last.all += 1
        last.bad += bad
        self.all += 1
        self.bad += bad

    def jumped(self, usual: float, least_share: float) -> bool:
        """Return whether the share is at least so large, and not what is usual by chance."""
        if self.bad < _LEAST_BAD or self.bad < least_share * self.all:
            return False
        return self._span() >= _LEAST_SPAN_SECONDS and self.all * _entropy(self.bad / self.all, usual) >= _EVIDENCE

    @property
    def share(self) -> float:
        """The part of the last second's answers that is bad."""
        return self.bad / self.all if self.all else 0.0

    def clear(self) -> None:
        """Forget what was seen: it is about something that is over."""
        self._buckets.clear()
        self.all = self.bad = 0

    def _span(self) -> float:
        places = [bucket.number for bucket in self._buckets if bucket.bad]
        return (places[-1] - places[0]) * _BUCKET_SECONDS


def _entropy(share: float, usual: float) -> float:
    """Return the relative entropy of a coin that falls so against one that usually does."""
    if share <= usual:
        return 0.0
    rest = (1 - share) * log((1 - share) / (1 - usual)) if share < 1 else 0.0
    return share * log(share / usual) + rest

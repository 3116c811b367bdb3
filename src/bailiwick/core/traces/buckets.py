"""Durations in buckets: four for each doubling from 50 µs on, so that a quantile is within a tenth of what it was."""

import math
from collections.abc import Iterable, Sequence

_SMALLEST = 50
_A_DOUBLING = 4
MOST_BUCKETS = 120


def bucket_of(microseconds: int) -> int:
    """Return the bucket that a duration falls into; the last one takes whatever is longer."""
    if microseconds <= _SMALLEST:
        return 0
    return min(math.ceil(math.log2(microseconds / _SMALLEST) * _A_DOUBLING), MOST_BUCKETS - 1)


def milliseconds_at(bucket: int) -> float:
    """Return the middle of a bucket, as ratios go."""
    top = _SMALLEST * 2 ** (bucket / _A_DOUBLING)
    return float(top if not bucket else top / 2 ** (0.5 / _A_DOUBLING)) / 1000


def quantile(buckets: Sequence[int], part: float) -> float:
    """Return the duration in milliseconds below which so large a part of what was counted lies; 0 for nothing."""
    total = sum(buckets)
    if not total:
        return 0.0
    left = max(1, math.ceil(total * part))
    for place, count in enumerate(buckets):
        left -= count
        if left <= 0:
            return milliseconds_at(place)
    return milliseconds_at(len(buckets) - 1)


def summed(several: Iterable[Sequence[int]]) -> list[int]:
    """Return the sum of counts in buckets."""
    total = [0] * MOST_BUCKETS
    longest = 0
    for buckets in several:
        longest = max(longest, len(buckets))
        for place, count in enumerate(buckets[:MOST_BUCKETS]):
            total[place] += count
    return total[:longest]

"""How rare a number is among those before it: a histogram that forgets slowly, with tails that go on beyond it.

Bins grow with the size of a number, so that one histogram holds what is usual and what is a million times more. The
rarity of a bin is the logarithm of one over the share of numbers that were as far out or further. Each number also
counts a little, and ever less, for bins beyond it: what is a bit above the largest yet is rare, what is far above it
is much rarer. Rarities are worked out now and then, by whoever holds the tails, and looked up in between.
"""

from itertools import accumulate
from math import log, log2

# Bins on each side of nothing. The list is used from both ends: bin -1 is its last.
SIDE = 64
BINS = 2 * SIDE + 1
_BINS_AN_OCTAVE = 4.0
_LARGEST = (2.0 ** (SIDE / _BINS_AN_OCTAVE) - 1) / 4
# How much less a number counts with each bin beyond it; and the same for what was presumed before anything was seen.
_STEEP, _PRESUMED = 0.42, 0.75
# How fast the usual size follows, and how many times it one number may count for at most.
_FOLLOW, _OUTLIER = 1 / 200, 5.0
_FLOOR = 1e-9
_HEAVIEST = 1e9


class Tails:
    """The tails of one signal, on both sides of nothing or above it alone, in units of its usual size."""

    __slots__ = ("counts", "floor", "rarities", "scale", "settling", "two_sided", "weight")

    def __init__(self, settling: float = 0.0, *, two_sided: bool = True) -> None:
        self.two_sided = two_sided
        self.counts = [0.0] * BINS
        self.rarities = [0.0] * BINS
        self.weight = 1.0
        # As long as too few were seen, each is as rare as numbers are on average.
        self.settling = settling
        self.scale = self.floor = 1.0

    def began(self, scale: float) -> None:
        """Say which size is usual before any was seen."""
        self.scale, self.floor = scale, scale * _FLOOR

    def surprise(self, error: float, unit: float = 0.0) -> float:
        """Return how rare an error is among those before it, then count it and let the usual size follow.

        It is measured in usual sizes, or in another unit where one is usual just now.
        """
        usual = self.scale
        away = (error if error >= 0 else -error) / usual
        # The floor keeps what is flat for long from finding the last digit of its numbers remarkable.
        self.scale = usual + usual * _FOLLOW * ((away if away < _OUTLIER else _OUTLIER) - 1) + self.floor
        return self.rarity(error / (unit or usual))

    def rarity(self, size: float) -> float:
        """Return how rare a size is among those before it, then count it."""
        if size >= 0:
            place = int(_BINS_AN_OCTAVE * log2(1 + 4 * size)) if size < _LARGEST else SIDE
        else:
            place = -int(_BINS_AN_OCTAVE * log2(1 - 4 * size)) if size > -_LARGEST else -SIDE
        self.counts[place] += self.weight
        if self.settling > 0:
            self.settling -= 1
            return 1.0
        return self.rarities[place]

    def reach(self, share: float) -> tuple[float, float]:
        """Return how far below and above nothing all numbers lie but this share on each side, in usual sizes."""
        allowed = sum(self.counts) * share
        return self._outermost(allowed, -1), self._outermost(allowed, 1)

    def _outermost(self, allowed: float, sign: int) -> float:
        beyond = 0.0
        for place in range(SIDE, 0, -1):
            beyond += self.counts[sign * place]
            if beyond > allowed:
                return _size(place + 1)
        return _size(1)

    def work_out(self, growth: float) -> None:
        """Work the rarities out anew; what is counted from now on weighs more, which is how the old is forgotten."""
        counts = self.counts
        if self.weight > _HEAVIEST:
            counts = self.counts = [count / self.weight for count in counts]
            self.weight = 1.0
        total = sum(counts)
        self.rarities[: SIDE + 1] = _side(counts[: SIDE + 1], self.weight, total)
        if self.two_sided:
            self.rarities[SIDE + 1 :] = _side([counts[0], *counts[:SIDE:-1]], self.weight, total)[:0:-1]
        self.weight *= growth


def _size(place: int) -> float:
    """Return the size at which a bin begins."""
    return (float(2.0 ** (place / _BINS_AN_OCTAVE)) - 1) / 4


def _side(counts: list[float], weight: float, total: float) -> list[float]:
    """Return the rarities of the bins of one side, from the middle outwards."""
    whole = total + weight
    outside = list(accumulate(reversed(counts)))
    beyond = 0.0
    presumed = weight
    rarities = []
    for count, rest in zip(counts, reversed(outside), strict=True):
        rarities.append(log(whole / (rest + beyond + presumed)))
        beyond = (beyond + count) * _STEEP
        presumed *= _PRESUMED
    return rarities

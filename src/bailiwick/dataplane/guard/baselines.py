"""What is usual for an app: learned minute by minute, in a few numbers, and hardly moved by what is not usual."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, exp, inf, log2

_MINUTE_SECONDS = 60.0
# After so many answers what was learned before them counts for a third.
_MEMORY = 3000
# A minute counts for no more than this many: a busy hour must not wipe out a quiet day.
_MOST_OF_A_MINUTE = 300
_LEAST_KNOWN = 100
_GROWS_AT_MOST, _AT_LEAST = 3.0, 0.05
_CLASSES_A_DOUBLING = 4


@dataclass
class UsualShare:
    """The share of bad answers that is usual. A minute moves it by no more than three times itself."""

    share: float = 0.0
    _minute: int = 0
    _all: int = 0
    _bad: int = 0

    def observe(self, now: float, *, bad: bool) -> None:
        """Take one answer."""
        minute = int(now / _MINUTE_SECONDS)
        if minute != self._minute:
            self._learn()
            self._minute = minute
        self._all += 1
        self._bad += bad

    def _learn(self) -> None:
        if self._all:
            seen = min(self._bad / self._all, max(_GROWS_AT_MOST * self.share, _AT_LEAST))
            self.share += (seen - self.share) * _weight(self._all)
        self._all = self._bad = 0


@dataclass
class UsualDuration:
    """The durations that are usual, as a histogram whose classes grow by a fourth root of two."""

    _classes: dict[int, float] = field(default_factory=dict)
    _known: float = 0.0
    _p95: float = inf
    _minute: int = 0
    _seen: Counter[int] = field(default_factory=Counter)

    def observe(self, now: float, milliseconds: float) -> None:
        """Take one answer's duration."""
        minute = int(now / _MINUTE_SECONDS)
        if minute != self._minute:
            self._learn()
            self._minute = minute
        self._seen[_class_of(milliseconds)] += 1

    @property
    def p95_ms(self) -> float:
        """Within how many milliseconds 95 % are usually answered; infinite as long as too few are known."""
        return self._p95 if self._known >= _LEAST_KNOWN else inf

    def _learn(self) -> None:
        number = sum(self._seen.values())
        if not number:
            return
        weight = _weight(number)
        for place in {*self._classes, *self._seen}:
            before = self._classes.get(place, 0.0)
            self._classes[place] = before + (self._seen[place] / number - before) * (weight if self._known else 1.0)
        self._known += number
        self._seen.clear()
        self._p95 = quantile_of(self._classes, 0.95)


def quantile_of(classes: Mapping[int, float], part: float) -> float:
    """Return the upper bound in milliseconds of the class in which a part of all lies."""
    left = part * sum(classes.values())
    for number in sorted(classes):
        left -= classes[number]
        if left <= 0:
            return float(2 ** (number / _CLASSES_A_DOUBLING))
    return inf


def _class_of(milliseconds: float) -> int:
    return max(ceil(_CLASSES_A_DOUBLING * log2(milliseconds)), 0) if milliseconds > 1 else 0


def _weight(number: int) -> float:
    return 1 - exp(-min(number, _MOST_OF_A_MINUTE) / _MEMORY)

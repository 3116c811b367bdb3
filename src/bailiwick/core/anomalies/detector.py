"""Finds what is unusual in a series as it comes: no value is judged by a later one, and what is kept has a fixed size.

A value is looked at in several simple ways: against the one before, against the level of the last hours and of the
last days, against what is usual at that time of the day and of the week, and by how restless the series is just now
and lately. Each way has its own history of errors (`tails`), so each says the same thing in the same unit: how rare
this is *here*. What they say is added up, and how rare the sum is, at this moment and over the last minutes, against
all sums before, is how rare the moment is. Nothing is compared with a fixed number of deviations, so one threshold
fits all series.

A score is how much rarer a moment is than the rarest one lately, which is forgotten slowly: what goes on for hours is
told when it begins and when it gets worse.
"""

from itertools import pairwise
from math import exp, log

from bailiwick.core.anomalies.seasons import UNKNOWN, Season
from bailiwick.core.anomalies.tails import Tails

WARM_UP = 24
_DAY, _WEEK = 86_400, 604_800
_PARTS_OF_DAY, _PARTS_OF_WEEK = 144, 336
# How many values are remembered: of each way of looking, and of what they say together.
_REMEMBERED, _REMEMBERED_TOGETHER = 5000, 10_000
_SETTLING = 40.0
# How fast levels, restlessness and averages follow; one over the number of values that count.
_FAST, _SLOW, _SLOWEST = 1 / 6, 1 / 250, 1 / 2500
_RESTLESS_NOW, _RESTLESS_LATELY, _RESTLESS = 1 / 6, 1 / 60, 1 / 1500
_OFF_SEASON = 1 / 30
_MOMENT, _WHILE = 1 / 6, 1 / 40
# The rarest moment lately is forgotten over a share of all there was, within these numbers of values.
_HABIT_SHARE, _SHORTEST_HABIT, _LONGEST_HABIT = 0.25, 1000.0, 2000.0
_MOST_BETWEEN_WORK_OUTS, _OF_SUMS = 256, 64
_GAP = 3.0
_SCORE_UNIT = 1.0
_TELLING = 4.0
LARGEST_VALUE = 1e300

TAILS = ("step", "slow", "slowest", "shift", "off_season", "now", "lately", "together", "moment", "lasting")
_SUMS = TAILS[-3:]
NUMBERS = (
    "seen", "due", "sums_due", "next_due", "at", "seconds", "value", "fast_level", "slow_level", "slowest_level",
    "restless_now", "restless_lately", "restless", "least", "off", "moment_sum", "lasting_sum", "habit",
)  # fmt: skip


class Detector:
    """The detector of one series; `score` takes its values in the order of their times."""

    __slots__ = (*NUMBERS, *TAILS, "day", "warming", "week")

    step: Tails
    slow: Tails
    slowest: Tails
    shift: Tails
    off_season: Tails
    now: Tails
    lately: Tails
    together: Tails
    moment: Tails
    lasting: Tails
    seen: float
    due: float
    sums_due: float
    next_due: float
    at: float
    seconds: float
    value: float
    fast_level: float
    slow_level: float
    slowest_level: float
    restless_now: float
    restless_lately: float
    restless: float
    least: float
    off: float
    moment_sum: float
    lasting_sum: float
    habit: float

    def __init__(self) -> None:
        for name in NUMBERS:
            setattr(self, name, 0.0)
        for name in TAILS:
            setattr(self, name, Tails(_SETTLING, two_sided=name not in _SUMS))
        self.next_due = 1.0
        self.day = Season(_DAY, _PARTS_OF_DAY, _SETTLING)
        self.week = Season(_WEEK, _PARTS_OF_WEEK, _SETTLING)
        self.warming: list[tuple[float, float]] | None = []

    def score(self, at: float, value: float) -> float:
        """Return how unusual a value is, from 0 to 1, and learn it. Times are seconds."""
        if self.warming is None:
            return 1 - exp(-self._rarer(at, value) / _SCORE_UNIT)
        self.warming.append((at, value))
        if len(self.warming) >= WARM_UP:
            warm, self.warming = self.warming, None
            self._begin(warm)
            for its_at, its_value in warm:
                self._rarer(its_at, its_value)
        return 0.0

    def _begin(self, warm: list[tuple[float, float]]) -> None:
        """Find out the step in time and the usual sizes from the first values."""
        values = [value for _, value in warm]
        between = sorted(later - earlier for (earlier, _), (later, _) in pairwise(warm) if later > earlier)
        self.seconds = between[len(between) // 2] if between else 1.0
        mean = sum(values) / len(values)
        spread = sum(abs(value - mean) for value in values) / len(values) or abs(mean) / 100 or 1.0
        step = sum(abs(later - earlier) for earlier, later in pairwise(values)) / len(values) or spread
        self.step.began(step)
        for tails in (self.slow, self.slowest, self.shift, self.off_season):
            tails.began(spread)
        for season in (self.day, self.week):
            season.began(self.seconds, spread)
        self.least = step / 1000
        self.restless_now = self.restless_lately = self.restless = step
        self.value = self.fast_level = self.slow_level = self.slowest_level = values[0]
        self.at = warm[0][0] - self.seconds

    def _rarer(self, at: float, value: float) -> float:
        """Return how much rarer this moment is than what came lately, as a logarithm, and learn it."""
        self.seen = seen = self.seen + 1
        told = self._levels(value, 1 / seen) + self._cycles(at, value)
        if at - self.at > _GAP * self.seconds:
            # Nobody saw how the value came from where it was.
            told += 3 * UNKNOWN
        else:
            told += self._restlessness(value - self.value, 1 / seen)
        self.at, self.value = at, value
        self.moment_sum += _MOMENT * (told - self.moment_sum)
        self.lasting_sum += _WHILE * (told - self.lasting_sum)
        rarity = self.together.rarity(told / _TELLING) + 0.5 * (
            self.moment.rarity(self.moment_sum / _TELLING) + self.lasting.rarity(self.lasting_sum / _TELLING)
        )
        self.due += 1
        self.sums_due += 1
        if self.due >= self.next_due:
            self._work_out()
        elif self.sums_due >= _OF_SUMS:
            self._work_out_sums()
        habit = self.habit
        kept = seen * _HABIT_SHARE
        kept = _SHORTEST_HABIT if kept < _SHORTEST_HABIT else min(kept, _LONGEST_HABIT)
        self.habit = max(habit - habit / kept, rarity)
        return rarity - habit if rarity > habit else 0.0

    def _levels(self, value: float, fastest: float) -> float:
        """Return how rare the distance to the levels is, and how rare theirs to each other."""
        slow, slowest = self.slow_level, self.slowest_level
        self.fast_level = fast = self.fast_level + _FAST * (value - self.fast_level)
        told = (
            self.slow.surprise(value - slow) + self.slowest.surprise(value - slowest) + self.shift.surprise(fast - slow)
        )
        self.slow_level = slow + (_SLOW if fastest < _SLOW else fastest) * (value - slow)
        self.slowest_level = slowest + (_SLOWEST if fastest < _SLOWEST else fastest) * (value - slowest)
        return told

    def _cycles(self, at: float, value: float) -> float:
        """Return how rare the value is for its time, and how rare it is to be off for so long."""
        day = self.day
        told = day.surprise(at, value) + self.week.surprise(at, value)
        if not day.known:
            return told + UNKNOWN
        self.off = off = self.off + _OFF_SEASON * (day.error - self.off)
        return told + self.off_season.surprise(off)

    def _restlessness(self, step: float, fastest: float) -> float:
        """Return how rare the step is, and how rare it is to be so restless, or so still, now and lately."""
        told = self.step.surprise(step)
        size = step if step >= 0 else -step
        self.restless_now = now = self.restless_now + _RESTLESS_NOW * (size - self.restless_now)
        self.restless_lately = lately = self.restless_lately + _RESTLESS_LATELY * (size - self.restless_lately)
        usual = self.restless + (_RESTLESS if fastest < _RESTLESS else fastest) * (size - self.restless)
        self.restless = usual
        least = self.least
        usual += least
        return told + self.now.rarity(log((now + least) / usual)) + self.lately.rarity(log((lately + least) / usual))

    def _work_out(self) -> None:
        """Let all tails tell what they have learned since they last did."""
        self._work_out_sums()
        grown = 1 + self.due / _REMEMBERED
        for tails in (*(getattr(self, name) for name in TAILS[:-3]), self.day.tails, self.week.tails):
            tails.work_out(grown)
        self.due = 0.0
        self.next_due = min(_MOST_BETWEEN_WORK_OUTS, self.seen // 16 + 1)

    def _work_out_sums(self) -> None:
        """Do so more often for the few that decide: many alarms in a row must soon be usual."""
        grown = 1 + self.sums_due / _REMEMBERED_TOGETHER
        for tails in (self.together, self.moment, self.lasting):
            tails.work_out(grown)
        self.sums_due = 0.0

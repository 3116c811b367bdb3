"""Series as operations have them, made from a seed, with anomalies that were put in and are therefore known.

Each kind of series gives its usual course as a function of the time of day and week and of chance; each anomaly
changes a stretch of it. What detectors are measured on is made here and nowhere else, so nobody's labels are learned.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

_DAY, _WEEK = 86400, 7 * 86400
_BEGAN = datetime(2026, 3, 2)  # noqa: DTZ001 - a Monday, as exports write times: without a zone


@dataclass(frozen=True, slots=True)
class Series:
    """A series and where its anomalies lie: from the first changed point to the one after the last."""

    name: str
    stamps: list[datetime]
    values: list[float]
    anomalies: list[tuple[int, int]]


Course = Callable[[random.Random, list[int]], list[float]]
Change = Callable[[random.Random, list[float], int, int, float], None]


def all_series(seed: int, each: int = 3) -> list[Series]:
    """Return so many series of each kind."""
    return [_made(name, seed * 1000 + number) for name in KINDS for number in range(each)]


def _made(name: str, seed: int) -> Series:
    chance = random.Random(f"{name} {seed}")
    course, changes, step = KINDS[name]
    length = chance.choice((1500, 3000, 4000, 4000, 6000)) if step < 1800 else chance.choice((1600, 3000))
    seconds = [number * step for number in range(length)]
    if chance.random() < 0.15:
        hole = chance.randrange(length // 4, length - length // 4)
        wide = chance.randrange(3, 200) * step
        seconds = [second + (wide if number >= hole else 0) for number, second in enumerate(seconds)]
    values = course(chance, seconds)
    spread = _spread(values)
    anomalies: list[tuple[int, int]] = []
    if changes and chance.random() > 0.1:
        places = chance.choice((1, 1, 2, 2, 3))
        room = (length - length // 5) // places
        for place in range(places):
            begin = length // 5 + place * room + chance.randrange(room // 2)
            change, shortest, longest = chance.choice(changes)
            end = min(length, begin + chance.randint(shortest, longest))
            change(chance, values, begin, end, spread)
            anomalies.append((begin, end))
    return Series(f"{name}-{seed}", [_BEGAN + timedelta(seconds=second) for second in seconds], values, anomalies)


def _spread(values: list[float]) -> float:
    ordered = sorted(values)
    return max(ordered[-len(ordered) // 20] - ordered[len(ordered) // 20], 1e-3)


# The courses.


def _office(second: int) -> float:
    """Return how busy an office is: 0 at night, 1 at noon, less at week-ends."""
    hour = second % _DAY / 3600
    weekend = second % _WEEK >= 5 * _DAY
    return max(0.0, math.sin((hour - 6) / 14 * math.pi)) * (0.35 if weekend else 1.0) if 6 <= hour <= 20 else 0.0


def _demand(chance: random.Random, seconds: list[int]) -> list[float]:
    """Demand with days and weeks, as of rides or sign-ins."""
    base, noise = chance.uniform(50, 20000), chance.uniform(0.03, 0.1)
    return [base * (0.2 + _office(at)) * (1 + chance.gauss(0, noise)) for at in seconds]


def _temperature(chance: random.Random, seconds: list[int]) -> list[float]:
    """A temperature that wanders slowly, with a little of the day."""
    level, drift, daily = chance.uniform(15, 90), 0.0, chance.uniform(0, 3)
    out = []
    for at in seconds:
        drift = drift * 0.998 + chance.gauss(0, 0.25)
        out.append(level + drift + daily * math.sin(at / _DAY * 2 * math.pi) + chance.gauss(0, 0.4))
    return out


def _idle(chance: random.Random, seconds: list[int]) -> list[float]:
    """A processor that is nearly idle, with little bumps."""
    level, noise = chance.uniform(0.1, 5), chance.uniform(0.02, 0.1)
    return [
        level + abs(chance.gauss(0, noise)) + (chance.uniform(0, 1) if chance.random() < 0.02 else 0) for _ in seconds
    ]


def _jobs(chance: random.Random, seconds: list[int]) -> list[float]:
    """A processor with a job at a regular interval."""
    level, height = chance.uniform(2, 30), chance.uniform(20, 60)
    every, long = chance.randint(9, 40), chance.randint(1, 4)
    return [
        level + chance.gauss(0, 1) + (height * chance.uniform(0.8, 1.1) if number % every < long else 0)
        for number in range(len(seconds))
    ]


def _mentions(chance: random.Random, seconds: list[int]) -> list[float]:
    """Counts with days and bursts, heavy in the tail."""
    rate, burst = chance.uniform(3, 60), 0.0
    out = []
    for at in seconds:
        burst = burst * 0.7 + (chance.paretovariate(2.0) * 0.5 if chance.random() < 0.01 else 0)
        mean = rate * (0.4 + _office(at) * 0.8) * (1 + burst) * math.exp(chance.gauss(0, 0.25))
        out.append(float(max(0, round(chance.gauss(mean, math.sqrt(mean))))))
    return out


def _two_states(chance: random.Random, seconds: list[int]) -> list[float]:
    """Idle or busy, by turns of any length."""
    low, high, busy = chance.uniform(1, 10), chance.uniform(30, 80), False
    out = []
    for _ in seconds:
        busy = (not busy) if chance.random() < 0.04 else busy
        out.append((high if busy else low) + chance.gauss(0, 1.5))
    return out


def _latency(chance: random.Random, seconds: list[int]) -> list[float]:
    """Latencies: skewed, with single slow ones."""
    middle, width = chance.uniform(5, 200), chance.uniform(0.1, 0.4)
    return [
        middle * math.exp(chance.gauss(0, width)) * (chance.uniform(2, 4) if chance.random() < 0.005 else 1)
        for _ in seconds
    ]


def _rare(chance: random.Random, seconds: list[int]) -> list[float]:
    """Mostly nothing, now and then a little."""
    return [float(chance.randint(1, 4)) if chance.random() < 0.03 else 0.0 for _ in seconds]


def _wave(chance: random.Random, seconds: list[int]) -> list[float]:
    """A daily wave or a plateau, as a generator of signals makes it."""
    height, noise, square = chance.uniform(10, 100), chance.choice((0.0, 0.01, 0.04)), chance.random() < 0.5
    shape = (
        (lambda at: 1.0 if 9 <= at % _DAY / 3600 < 18 else 0.25)
        if square
        else (lambda at: 0.5 + 0.5 * math.sin(at / _DAY * 2 * math.pi))
    )
    return [height * (shape(at) + chance.gauss(0, noise)) for at in seconds]


def _cost(chance: random.Random, seconds: list[int]) -> list[float]:
    """A price by the hour, noisy, sometimes nothing."""
    price = chance.uniform(0.05, 3)
    return [price * math.exp(chance.gauss(0, 0.3)) * (0.9 + 0.2 * _office(at)) for at in seconds]


def _speed(chance: random.Random, seconds: list[int]) -> list[float]:
    """Speed on a road: a limit, and slower in rush hours."""
    limit = chance.uniform(50, 90)
    return [
        limit
        - abs(chance.gauss(0, 4))
        - (chance.uniform(0.2, 0.5) * limit if 7 <= at % _DAY / 3600 < 9 and at % _WEEK < 5 * _DAY else 0)
        for at in seconds
    ]


def _bytes(chance: random.Random, seconds: list[int]) -> list[float]:
    """Bytes over a network, over several orders of magnitude, with a backup each night."""
    base = chance.uniform(1e4, 1e7)
    hour = chance.randrange(24)
    return [base * math.exp(chance.gauss(0, 0.6)) * (30 if int(at % _DAY / 3600) == hour else 1) for at in seconds]


def _growing(chance: random.Random, seconds: list[int]) -> list[float]:
    """A disk that fills and is emptied."""
    used, rate = chance.uniform(10, 40), chance.uniform(0.01, 0.05)
    out = []
    for _ in seconds:
        used = used + rate * chance.uniform(0, 2) if used < 90 else chance.uniform(10, 40)
        out.append(used + chance.gauss(0, 0.1))
    return out


# What is put in.


def _spike(chance: random.Random, values: list[float], begin: int, end: int, spread: float) -> None:
    height = spread * chance.uniform(1.5, 6) * chance.choice((1, 1, 1, -1))
    for at in range(begin, end):
        values[at] += height * chance.uniform(0.7, 1)


def _shift(chance: random.Random, values: list[float], begin: int, end: int, spread: float) -> None:
    height = spread * chance.uniform(0.6, 2) * chance.choice((1, 1, -1))
    for at in range(begin, end):
        values[at] += height


def _noisier(chance: random.Random, values: list[float], begin: int, end: int, spread: float) -> None:
    for at in range(begin, end):
        values[at] += chance.gauss(0, spread * 0.8)


def _flat(chance: random.Random, values: list[float], begin: int, end: int, spread: float) -> None:  # noqa: ARG001
    for at in range(begin, end):
        values[at] = values[begin - 1]


def _nothing(chance: random.Random, values: list[float], begin: int, end: int, spread: float) -> None:  # noqa: ARG001
    low = sorted(values[:begin])[begin // 50]
    for at in range(begin, end):
        values[at] = low


def _ramp(chance: random.Random, values: list[float], begin: int, end: int, spread: float) -> None:
    height = spread * chance.uniform(1, 3) * chance.choice((1, -1))
    for at in range(begin, end):
        values[at] += height * (at - begin) / (end - begin)


def _out_of_step(chance: random.Random, values: list[float], begin: int, end: int, spread: float) -> None:  # noqa: ARG001
    by = chance.randint(30, 120)
    values[begin:end] = [values[at - by] for at in range(begin, end)]


def _busier(chance: random.Random, values: list[float], begin: int, end: int, spread: float) -> None:  # noqa: ARG001
    times = chance.uniform(2, 6)
    for at in range(begin, end):
        values[at] *= times


_SHORT, _HOURS, _LONG = (1, 4), (12, 80), (60, 250)
KINDS: dict[str, tuple[Course, list[tuple[Change, int, int]], int]] = {
    "demand": (_demand, [(_nothing, 20, 90), (_busier, 4, 40), (_out_of_step, 60, 150), (_spike, *_SHORT)], 1800),
    "temperature": (_temperature, [(_ramp, 40, 200), (_shift, *_LONG), (_spike, *_SHORT), (_nothing, *_HOURS)], 300),
    "idle": (_idle, [(_spike, *_SHORT), (_shift, *_LONG), (_noisier, *_HOURS), (_busier, *_HOURS)], 300),
    "jobs": (
        _jobs,
        [(_flat, *_LONG), (_shift, *_LONG), (_noisier, *_HOURS), (_spike, *_SHORT), (_nothing, *_LONG)],
        300,
    ),
    "mentions": (_mentions, [(_busier, *_HOURS), (_spike, 2, 10), (_nothing, *_HOURS)], 300),
    "two-states": (_two_states, [(_spike, *_SHORT), (_shift, *_LONG), (_flat, *_LONG), (_noisier, *_HOURS)], 300),
    "latency": (_latency, [(_busier, *_HOURS), (_noisier, *_HOURS), (_spike, *_SHORT), (_ramp, *_LONG)], 300),
    "rare": (_rare, [(_busier, *_HOURS), (_spike, 1, 20), (_shift, *_HOURS)], 300),
    "wave": (
        _wave,
        [(_flat, *_LONG), (_shift, *_LONG), (_noisier, *_HOURS), (_nothing, *_LONG), (_spike, *_SHORT)],
        300,
    ),
    "cost": (_cost, [(_spike, *_SHORT), (_busier, *_SHORT), (_nothing, *_HOURS)], 3600),
    "speed": (_speed, [(_nothing, *_HOURS), (_shift, *_HOURS), (_flat, *_HOURS)], 300),
    "bytes": (_bytes, [(_spike, *_SHORT), (_busier, *_HOURS), (_nothing, *_LONG)], 300),
    "growing": (_growing, [(_flat, *_LONG), (_spike, *_SHORT), (_noisier, *_HOURS)], 300),
    "quiet": (_idle, [], 300),
}

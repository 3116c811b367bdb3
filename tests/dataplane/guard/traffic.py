"""Traffic of a simulated app: a week with days and nights, bursts, deploys and drift, and spikes set on top of it."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

DAY, WEEK = 86_400.0, 7 * 86_400.0


@dataclass(frozen=True)
class App:
    """How an app usually is: requests a second at noon, the share that fails, its median duration, and its habits."""

    per_second: float
    error_share: float = 0.003
    median_ms: float = 80.0
    spread: float = 0.7
    burst_minutes: float = 0.0
    deploy_every: float = DAY
    drift: float = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answered request."""

    time: float
    failed: bool
    milliseconds: float


def week(app: App, seed: int, most: int) -> Iterator[Answer]:
    """Yield a week of an app, thinned in time (whole minutes are left out) so that it has about so many answers.

    Nights have a tenth of the traffic and weekends a third; every hour or so a burst of four times that; a deploy
    brings ten seconds of slow answers and some failures; median and error share drift to `drift` times their beginning.
    """
    chance = random.Random(seed)
    expected = app.per_second * 0.45 * WEEK
    kept = min(1.0, most / max(expected, 1.0))
    for minute in range(int(WEEK / 60)):
        if chance.random() > kept:
            continue
        start = minute * 60.0
        rate = app.per_second * _season(start)
        burst = chance.random() < app.burst_minutes / 60
        yield from _minute(app, chance, start, rate * (4.0 if burst else 1.0))


def _minute(app: App, chance: random.Random, start: float, rate: float) -> Iterator[Answer]:
    drifted = app.drift ** (start / WEEK)
    place = chance.expovariate(rate) if rate > 0 else 60.0
    while place < 60.0:
        now = start + place
        deploying = now % app.deploy_every < 10.0
        failed = chance.random() < min(app.error_share * drifted + (0.08 if deploying else 0.0), 0.2)
        milliseconds = app.median_ms * drifted * math.exp(chance.gauss(0, app.spread)) * (3.0 if deploying else 1.0)
        yield Answer(now, failed, milliseconds)
        place += chance.expovariate(rate)


def _season(now: float) -> float:
    day = 0.55 - 0.45 * math.cos(2 * math.pi * (now % DAY) / DAY)
    return day * (1 / 3 if now // DAY >= 5 else 1.0)


def quiet(app: App, chance: random.Random, start: float, seconds: float) -> Iterator[Answer]:
    """Yield an app at work without anything of note."""
    for number in range(int(seconds * app.per_second)):
        failed = chance.random() < app.error_share
        duration = app.median_ms * math.exp(chance.gauss(0, app.spread))
        yield Answer(start + number / app.per_second, failed, duration)

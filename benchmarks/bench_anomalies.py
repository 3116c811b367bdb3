"""Detection of anomalies: points over those of the best simple detector, and points of a series a second."""

import random
import time
from datetime import UTC

from bailiwick.core.anomalies import Detector
from benchmarks.anomalies.peers import PEERS
from benchmarks.anomalies.scoring import Verdict, judged
from benchmarks.anomalies.series import Series, all_series

_SEED, _EACH = 7, 3
_LIMIT_A_SECOND = 100_000
_SPEED_ROUNDS, _SPEED_POINTS = 10, 20_000


def measure() -> list[tuple[str, float, str]]:
    """Return how ours does beside each peer, each at its own best threshold for all series, and how fast it is."""
    series = all_series(_SEED, _EACH)
    our = judged(series, [_ours(one) for one in series])
    rows = []
    for name, peer in PEERS.items():
        its = judged(series, [peer(one) for one in series])
        rows.append((f"anomalies: points / {name}", our.points / max(its.points, 1.0), _words(our, its)))
    speed = _points_a_second()
    rows.append(
        (f"anomalies: values a second / {_LIMIT_A_SECOND:,}", speed / _LIMIT_A_SECOND, f"{speed:,.0f}, one core")
    )
    return rows


def _ours(series: Series) -> list[float]:
    detector = Detector()
    times = [stamp.replace(tzinfo=UTC).timestamp() for stamp in series.stamps]
    return [detector.score(at, value) for at, value in zip(times, series.values, strict=True)]


def _words(our: Verdict, its: Verdict) -> str:
    return " against ".join(
        f"{one.points:.0f} of 100 ({one.found} of {one.windows} found, {one.alarms} false alarms)" for one in (our, its)
    )


def _points_a_second() -> float:
    """Return the best round of some, in time of the processor: others may be at work on the machine."""
    chance = random.Random(1)
    values = [chance.gauss(50, 3) for _ in range(_SPEED_POINTS)]
    detector, at, best = Detector(), 0.0, float("inf")
    for _ in range(_SPEED_ROUNDS):
        began = time.process_time()
        for value in values:
            at += 300.0
            detector.score(at, value)
        best = min(best, time.process_time() - began)
    return _SPEED_POINTS / best

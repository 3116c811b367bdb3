"""Simple published detectors, each in its usual form: what ours must be better than."""

import math
from collections import deque

from benchmarks.anomalies.series import Series


def rolling_z(series: Series, window: int = 288) -> list[float]:
    """How many deviations a value lies from the mean of the values before it."""
    return [deviation / (1 + deviation) for deviation in _deviations(series.values, window)]


def windowed_gaussian(series: Series, window: int = 6000) -> list[float]:
    """How unlikely a value is in the normal distribution of a long window before it."""
    return [1 - math.erfc(deviation / math.sqrt(2)) for deviation in _deviations(series.values, window)]


def _deviations(values: list[float], window: int) -> list[float]:
    kept: deque[float] = deque()
    total = squares = 0.0
    out = []
    for value in values:
        count = len(kept)
        if count < 10:
            out.append(0.0)
        else:
            mean = total / count
            deviation = math.sqrt(max(squares / count - mean * mean, 1e-12 + 1e-9 * mean * mean))
            out.append(abs(value - mean) / deviation)
        kept.append(value)
        total, squares = total + value, squares + value * value
        if len(kept) > window:
            old = kept.popleft()
            total, squares = total - old, squares - old * old
    return out


def ewma(series: Series, rate: float = 0.1) -> list[float]:
    """How far a value lies from a weighted mean, in weighted deviations: the control chart."""
    mean, variance, out = series.values[0], 0.0, []
    for value in series.values:
        error = value - mean
        deviation = abs(error) / math.sqrt(variance) if variance > 0 else 0.0
        out.append(deviation / (1 + deviation))
        mean += rate * error
        variance = (1 - rate) * (variance + rate * error * error)
    return out


def change_point(series: Series, hazard: float = 1 / 500, longest: int = 120) -> list[float]:
    """Bayesian online change points (Adams and MacKay, 2007): how likely the last few points began a new run."""
    begin = series.values[:100]
    middle = sum(begin) / len(begin)
    scale = math.sqrt(sum((value - middle) ** 2 for value in begin) / len(begin)) or 1.0
    runs, out = [(1.0, 0.0, 1.0, 1.0, 1.0)], []
    for raw in series.values:
        value = (raw - middle) / scale
        told = [chance * _student(value, mean, kappa, alpha, beta) for chance, mean, kappa, alpha, beta in runs]
        whole = sum(told) or 1e-300
        grown = [
            (
                weight / whole * (1 - hazard),
                (kappa * mean + value) / (kappa + 1),
                kappa + 1,
                alpha + 0.5,
                beta + kappa * (value - mean) ** 2 / (2 * (kappa + 1)),
            )
            for weight, (_, mean, kappa, alpha, beta) in zip(told, runs, strict=True)
        ]
        runs = [(hazard, 0.0, 1.0, 1.0, 1.0), *grown][:longest]
        whole = sum(run[0] for run in runs)
        runs = [(run[0] / whole, *run[1:]) for run in runs]
        out.append(sum(run[0] for run in runs[1:6]) if len(runs) >= longest else 0.0)
    return out


def _student(value: float, mean: float, kappa: float, alpha: float, beta: float) -> float:
    width = beta * (kappa + 1) / (alpha * kappa)
    freedom = 2 * alpha
    log = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - 0.5 * math.log(freedom * math.pi * width)
    return math.exp(log - (freedom + 1) / 2 * math.log1p((value - mean) ** 2 / (freedom * width)))


PEERS = {
    "rolling z-score": rolling_z,
    "windowed Gaussian": windowed_gaussian,
    "EWMA chart": ewma,
    "Bayesian change point": change_point,
}

"""What scores are worth: one threshold for all series, early detections inside windows, alarms outside of them.

A window lies around each anomaly; together they are a tenth of their series. The first alarm in a window is worth
nearly 1 at its begin and less towards its end, a window without an alarm costs 1, and an alarm outside costs up to
0.11, less when it comes soon after a window. The first 15 % of each series are not judged. 100 is the perfect
detector, 0 one that says nothing. The threshold is the best one for all series together.
"""

import math
from dataclasses import dataclass

from benchmarks.anomalies.series import Series

_PROBATION, _WINDOWS, _ALARM_COST = 0.15, 0.10, 0.11


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a detector is worth at its best threshold: points of 100, windows found, alarms outside of windows."""

    points: float
    threshold: float
    found: int
    windows: int
    alarms: int


def judged(series: list[Series], scores: list[list[float]]) -> Verdict:
    """Return what these scores are worth."""
    events: list[tuple[float, int, float]] = []
    windows = 0
    for one, its in zip(series, scores, strict=True):
        lying = _windows(one)
        events += _events(its, lying, windows)
        windows += len(lying)
    return _best(events, windows)


def _windows(series: Series) -> list[tuple[int, int]]:
    if not series.anomalies:
        return []
    room = int(len(series.values) * _WINDOWS / len(series.anomalies))
    spans = []
    for begin, end in series.anomalies:
        middle, wide = (begin + end) // 2, max(room, end - begin)
        left = max(min(begin, middle - wide // 2), spans[-1][1] + 1 if spans else 0)
        spans.append((left, min(max(end, middle + wide // 2), len(series.values)) - 1))
    return spans


def _events(scores: list[float], windows: list[tuple[int, int]], before: int) -> list[tuple[float, int, float]]:
    """Return (score, window or -1, worth) of each point that is judged."""
    events = []
    probation = min(int(len(scores) * _PROBATION), 750)
    for at in range(probation, len(scores)):
        number = next((number for number, (left, right) in enumerate(windows) if left <= at <= right), None)
        if number is not None:
            left, right = windows[number]
            worth = _sigmoid((at - right - 1) / max(1, right - left + 1)) / _sigmoid(-1)
            events.append((scores[at], before + number, worth))
            continue
        passed = [(left, right) for left, right in windows if right < at]
        cost = -_ALARM_COST
        if passed:
            left, right = passed[-1]
            cost *= -_sigmoid((at - right) / max(1, right - left))
        events.append((scores[at], -1, cost))
    return events


def _sigmoid(place: float) -> float:
    return 2 / (1 + math.exp(5 * place)) - 1 if place < 3 else -1.0


def _best(events: list[tuple[float, int, float]], windows: int) -> Verdict:
    events.sort(key=lambda event: -event[0])
    best = Verdict(0.0, 1.1, 0, windows, 0)
    worth: dict[int, float] = {}
    cost, alarms = 0.0, 0
    for number, (score, window, value) in enumerate(events):
        if window < 0:
            cost, alarms = cost + value, alarms + 1
        else:
            worth[window] = max(worth.get(window, -1.0), value)
        if number + 1 < len(events) and events[number + 1][0] == score:
            continue
        total = sum(worth.values()) - (windows - len(worth)) + cost
        points = 100 * (total + windows) / (2 * windows)
        if points > best.points:
            best = Verdict(points, score, len(worth), windows, alarms)
    return best

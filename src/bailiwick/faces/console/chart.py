"""The chart of an app's requests: where its bars, axes and markers stand. The template draws it, CSS colours it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bailiwick.control.observe import RequestPoint

MINUTES = 60
WIDTH, HEIGHT = 960, 216
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 24, 40, 24
_PLOT_WIDTH = WIDTH - _LEFT - _RIGHT
_PLOT_HEIGHT = HEIGHT - _TOP - _BOTTOM
_GAP = 2
_LEVEL = 16
_TICK_MINUTES = 15


@dataclass(frozen=True, slots=True)
class Bar:
    """A minute of requests; the failed part stands at the bottom."""

    x: float
    width: float
    top: float
    height: float
    bad_top: float
    bad_height: float
    words: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of an axis with its label."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Marker:
    """Something that happened: a release or a stop. Its label stands to the left where the right has no room."""

    x: float
    label_x: float
    label_y: int
    anchor: str
    kind: str
    label: str
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All of it, and the numbers for whoever reads rather than looks."""

    width: int
    height: int
    left: int
    right: int
    top: int
    floor: int
    bars: tuple[Bar, ...]
    rows: tuple[Tick, ...]
    columns: tuple[Tick, ...]
    markers: tuple[Marker, ...]
    numbers: tuple[RequestPoint, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Happening:
    """What a marker is made of."""

    time: datetime
    kind: str
    label: str


def requests_chart(points: Sequence[RequestPoint], happenings: Sequence[Happening], now: datetime) -> Chart:
    """Return the chart of the last hour before `now`."""
    end = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    begin = end - timedelta(minutes=MINUTES)
    highest = rounded_up(max((_total(point) for point in points), default=0))
    floor = HEIGHT - _BOTTOM
    seen = [point for point in points if begin <= point.start < end]
    total, bad = sum(map(_total, seen)), sum(point.server_errors for point in seen)
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        left=_LEFT,
        right=WIDTH - _RIGHT,
        top=_TOP,
        floor=floor,
        bars=tuple(_bar(point, begin, highest) for point in seen),
        rows=tuple(Tick(floor - part * _PLOT_HEIGHT, f"{highest * part:g}") for part in (0, 0.5, 1)),
        columns=tuple(
            Tick(_x(begin + timedelta(minutes=minute), begin), f"{begin + timedelta(minutes=minute):%H:%M}")
            for minute in range(0, MINUTES + 1, _TICK_MINUTES)
        ),
        markers=_markers([item for item in happenings if begin <= item.time < end], begin),
        numbers=tuple(reversed(seen)),
        words=f"{total:,} requests in the last hour, {bad:,} of them failed; at most {highest:g} a minute on the scale",
    )


def _bar(point: RequestPoint, begin: datetime, highest: int) -> Bar:
    floor = HEIGHT - _BOTTOM
    height = _total(point) / highest * _PLOT_HEIGHT
    bad = point.server_errors / highest * _PLOT_HEIGHT
    words = f"{point.start:%H:%M}: {_total(point)} requests, {point.server_errors} failed, p95 {point.p95_ms:.0f} ms"
    width = _PLOT_WIDTH / MINUTES - _GAP
    return Bar(_x(point.start, begin) + _GAP / 2, width, floor - height, height, floor - bad, bad, words)


def _markers(happenings: Sequence[Happening], begin: datetime) -> tuple[Marker, ...]:
    """Return the markers from left to right, their labels on two levels by turns so that neighbours can be read."""
    markers = []
    for number, item in enumerate(sorted(happenings, key=lambda found: found.time)):
        x = _x(item.time, begin)
        late = x > WIDTH * 0.6
        words = f"{item.time:%H:%M:%S} {item.label}"
        level = _TOP - 8 - number % 2 * _LEVEL
        markers.append(
            Marker(x, x - 4 if late else x + 4, level, "end" if late else "start", item.kind, item.label, words)
        )
    return tuple(markers)


def _x(moment: datetime, begin: datetime) -> float:
    return round(_LEFT + (moment - begin) / timedelta(minutes=MINUTES) * _PLOT_WIDTH, 1)


def _total(point: RequestPoint) -> int:
    return point.ok + point.client_errors + point.server_errors


def rounded_up(number: int) -> int:
    """Return the next of 2, 4, 10, 20, 40, 100 …: scales whose half is a round figure too."""
    scale = 1
    while True:
        for step in (2, 4, 10):
            if number <= step * scale:
                return step * scale
        scale *= 10

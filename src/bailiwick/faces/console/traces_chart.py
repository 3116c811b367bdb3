"""The chart of an app's requests over hours or days, and the picture of one trace: where everything stands in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bailiwick.control.traces import Overview, Point, Span
from bailiwick.faces.console.chart import Bar, Happening, Marker, Tick, rounded_up
from bailiwick.faces.traces import in_tree

WIDTH, HEIGHT, LINES_HEIGHT = 960, 216, 140
LEFT, RIGHT, TOP, BOTTOM = 52, 24, 40, 24
_PLOT = WIDTH - LEFT - RIGHT
_ROW, _NAMES, _TRACE_TOP = 22, 380, 28
_MOST_ROWS, _LONGEST_NAME = 300, 52
_A_DAY = 24
SPARK_WIDTH, SPARK_HEIGHT = 240, 28


@dataclass(frozen=True, slots=True)
class TimeChart:
    """Bars of requests, and below them lines of durations."""

    bars: tuple[Bar, ...]
    rows: tuple[Tick, ...]
    columns: tuple[Tick, ...]
    markers: tuple[Marker, ...]
    p50: str
    p95: str
    lasting: tuple[Tick, ...]
    numbers: tuple[Point, ...]
    words: str


@dataclass(frozen=True, slots=True)
class TraceRow:
    """A span in the picture of its trace."""

    y: float
    x: float
    width: float
    name: str
    indent: int
    label: str
    outcome: str
    kind: str
    words: str
    span: Span
    offset_ms: float


@dataclass(frozen=True, slots=True)
class TracePicture:
    """A trace: spans from top to bottom, time from left to right."""

    height: int
    rows: tuple[TraceRow, ...]
    columns: tuple[Tick, ...]
    total_ms: float
    left_out: int


def time_chart(found: Overview, happenings: Sequence[Happening], hours: int) -> TimeChart:
    """Return the chart of a while, its end at the right."""
    points, step = found.points, timedelta(seconds=found.step_seconds)
    highest = rounded_up(max((point.count for point in points), default=0))
    slowest = rounded_up(max((round(point.p95_ms) for point in points), default=0))
    floor, lines_floor = HEIGHT - BOTTOM, LINES_HEIGHT - BOTTOM

    def at(moment: datetime) -> float:
        part = (moment - found.since) / (found.until - found.since)
        return round(LEFT + min(max(part, 0.0), 1.0) * _PLOT, 1)

    def bar(point: Point) -> Bar:
        height = point.count / highest * (floor - TOP)
        bad = point.errors / highest * (floor - TOP)
        words = f"{_label(point.start, hours)}: {point.count:,} requests, {point.errors:,} failed, "
        words += f"p50 {point.p50_ms:,.0f} ms, p95 {point.p95_ms:,.0f} ms"
        x = at(point.start)
        width = max(at(point.start + step) - x - 1, 1.0)
        return Bar(x, width, floor - height, height, floor - bad, bad, words)

    def line(values: Sequence[float]) -> str:
        middles = [at(point.start + step / 2) for point in points]
        tops = [round(lines_floor - value / slowest * (lines_floor - 12), 1) for value in values]
        return " ".join(f"{x},{y}" for x, y in zip(middles, tops, strict=True))

    total, errors = sum(point.count for point in points), sum(point.errors for point in points)
    ticks = [found.since + (found.until - found.since) * part / 6 for part in range(7)]
    return TimeChart(
        bars=tuple(map(bar, points)),
        rows=tuple(Tick(floor - part * (floor - TOP), f"{highest * part:g}") for part in (0, 0.5, 1)),
        columns=tuple(Tick(at(tick), _label(tick, hours)) for tick in ticks),
        markers=_markers([item for item in happenings if found.since <= item.time <= found.until], at),
        p50=line([point.p50_ms for point in points]),
        p95=line([point.p95_ms for point in points]),
        lasting=tuple(Tick(lines_floor - part * (lines_floor - 12), f"{slowest * part:g}") for part in (0, 0.5, 1)),
        numbers=tuple(reversed(points)),
        words=f"{total:,} requests, {errors:,} of them failed",
    )


def metric_line(points: Sequence[tuple[datetime, float]], since: datetime, until: datetime) -> str:
    """Return a series as a small line: all of its time from left to right, its largest number at the top."""
    values = [value for _, value in points]
    least, most = min(0.0, *values), max(0.0, *values)
    found = []
    for moment, value in points:
        x = min(max((moment - since) / (until - since), 0.0), 1.0) * (SPARK_WIDTH - 4) + 2
        y = SPARK_HEIGHT - 2 - (value - least) / ((most - least) or 1) * (SPARK_HEIGHT - 4)
        found.append(f"{x:.1f},{y:.1f}")
    return " ".join(found)


def _markers(happenings: Sequence[Happening], at: Callable[[datetime], float]) -> tuple[Marker, ...]:
    """Return markers from left to right; only the last few have a label, so that they can be read."""
    markers = []
    ordered = sorted(happenings, key=lambda found: found.time)
    for number, item in enumerate(ordered):
        x = at(item.time)
        late, named = x > WIDTH * 0.6, len(ordered) - number <= 4  # noqa: PLR2004 - what there is room for
        words = f"{item.time:%Y-%m-%d %H:%M:%S} {item.label}"
        level, anchor = TOP - 8 - number % 2 * 16, "end" if late else "start"
        markers.append(
            Marker(x, x - 4 if late else x + 4, level, anchor, item.kind, item.label if named else "", words)
        )
    return tuple(markers)


def _label(moment: datetime, hours: int) -> str:
    return f"{moment:%H:%M}" if hours <= _A_DAY else f"{moment:%d %b %H:%M}"


def trace_picture(spans: Sequence[Span]) -> TracePicture:
    """Return the picture of a trace. Clocks may differ: what would begin before its request begins with it."""
    ordered = list(in_tree(spans))
    shown = ordered[:_MOST_ROWS]
    begin = ordered[0][0].start
    total = max(0.001, *((span.end - begin) / timedelta(milliseconds=1) for span, _ in shown))
    room = WIDTH - _NAMES - RIGHT

    def row(place: int, span: Span, depth: int) -> TraceRow:
        offset = max((span.start - begin) / timedelta(milliseconds=1), 0.0)
        x = _NAMES + min(offset / total, 1.0) * room
        width = max(min(span.milliseconds / total * room, WIDTH - RIGHT - x), 2.0)
        where = f" at {span.target}" if span.target and span.target not in span.name else ""
        name = f"{span.kind} {span.name}"
        short = name if len(name) <= _LONGEST_NAME - depth * 2 else name[: max(_LONGEST_NAME - depth * 2, 8)] + "…"
        words = f"{span.kind} {span.name}{where}: {span.milliseconds:,.1f} ms after {offset:,.1f} ms, {span.outcome}"
        y = _TRACE_TOP + place * _ROW
        label = f"{span.milliseconds:,.1f} ms"
        return TraceRow(
            y, round(x, 1), round(width, 1), short, min(depth, 12) * 12, label, span.outcome, span.kind, words, span,
            round(offset, 1),
        )  # fmt: skip

    ticks = tuple(Tick(round(_NAMES + part * room, 1), f"{total * part:,.1f} ms") for part in (0, 0.25, 0.5, 0.75, 1))
    rows = tuple(row(place, span, depth) for place, (span, depth) in enumerate(shown))
    return TracePicture(_TRACE_TOP + len(rows) * _ROW + 8, rows, ticks, total, len(ordered) - len(shown))

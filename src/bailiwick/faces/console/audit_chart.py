"""When events happened, as bars that narrow the search: where they stand. The template draws, CSS colours."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bailiwick.control.audit import Bar, Histogram
from bailiwick.faces.console.words import count

WIDTH, HEIGHT = 1200, 116
_TOP, _BOTTOM = 8, 24
_PLOT = HEIGHT - _TOP - _BOTTOM
_GAP = 2.0
_LEAST_HEIGHT = 2.0
_LABELS = 6
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Column:
    """A bar, its part that did not succeed, and where a click leads: the same search within its time."""

    x: float
    width: float
    top: float
    height: float
    bad_top: float
    bad_height: float
    words: str
    address: str


@dataclass(frozen=True, slots=True)
class Label:
    """A time below the bars."""

    at: float
    words: str
    anchor: str


@dataclass(frozen=True, slots=True)
class AuditChart:
    """All of it; `words` say what is to be seen."""

    width: int
    height: int
    floor: int
    columns: tuple[Column, ...]
    labels: tuple[Label, ...]
    words: str
    note: str


def audit_chart(found: Histogram, narrowed: Callable[[datetime, datetime], str]) -> AuditChart:
    """Return the chart; `narrowed` gives the address of the search between two moments."""
    bars = found.bars
    width = WIDTH / max(len(bars), 1)
    highest = max((bar.count for bar in bars), default=0) or 1
    columns = tuple(
        _column(bar, place * width, width, highest, found.step, narrowed(bar.start, bar.start + found.step))
        for place, bar in enumerate(bars)
        if bar.count
    )
    every = max(len(bars) // _LABELS, 1)
    labels = tuple(
        Label(round(place * width, 1), _moment(bars[place].start, found.step), "start" if place == 0 else "middle")
        for place in range(0, len(bars), every)
        if place * width < WIDTH * 0.96
    )
    bad = sum(bar.bad for bar in bars)
    words = (
        f"{count(found.total, 'event')}, {bad:,} of them refused or failed; at most {highest:,} in {span(found.step)}"
    )
    note = "" if found.whole else f"Of the newest {count(found.total, 'event')} that match; name a time to see others."
    return AuditChart(WIDTH, HEIGHT, HEIGHT - _BOTTOM, columns, labels, words, note)


def _column(bar: Bar, x: float, width: float, highest: int, step: timedelta, address: str) -> Column:
    floor = HEIGHT - _BOTTOM
    height = max(bar.count / highest * _PLOT, _LEAST_HEIGHT)
    bad = max(bar.bad / highest * _PLOT, _LEAST_HEIGHT) if bar.bad else 0.0
    words = f"{bar.start:%Y-%m-%d %H:%M:%S}, {span(step)}: {count(bar.count, 'event')}, {bar.bad:,} refused or failed"
    gap = min(_GAP, width / 4)
    return Column(
        round(x + gap / 2, 1), round(width - gap, 1), round(floor - height, 1), round(height, 1),
        round(floor - bad, 1), round(bad, 1), words, address,
    )  # fmt: skip


def _moment(moment: datetime, step: timedelta) -> str:
    return f"{moment:%d %b}" if step >= _DAY / 4 else f"{moment:%d %b %H:%M}"


def span(step: timedelta) -> str:
    """Return a length of time in words: "5 minutes", "1 day"."""
    seconds = int(step.total_seconds())
    for length, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= length:
            return count(seconds // length, unit)
    return count(seconds, "second")

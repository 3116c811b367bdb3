"""Requests of a day hour by hour, as a drawing and in figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH, HEIGHT = 720, 96
_FLOOR = 80


@dataclass(frozen=True, slots=True)
class Hour:
    """A bar: an hour, its requests and those that failed, and where they stand in the drawing."""

    start: datetime
    requests: int
    failed: int
    x: float
    width: float
    top: float
    height: float
    bad_top: float
    bad_height: float


@dataclass(frozen=True, slots=True)
class Trend:
    """All hours, and what they come to."""

    hours: tuple[Hour, ...]
    total: int
    failed: int
    words: str
    floor: int = _FLOOR
    width: int = WIDTH
    height: int = HEIGHT


def trend(found: Sequence[tuple[datetime, int, int]]) -> Trend | None:
    """Return the drawing; nothing where nothing is known."""
    if not found:
        return None
    highest = max((requests for _, requests, _ in found), default=0) or 1
    step = WIDTH / len(found)
    hours = tuple(_hour(start, requests, failed, place * step, step, highest)
                  for place, (start, requests, failed) in enumerate(found))  # fmt: skip
    total, bad = sum(hour.requests for hour in hours), sum(hour.failed for hour in hours)
    return Trend(
        hours,
        total,
        bad,
        f"{total:,} requests in production in a day" + (f", {highest:,} in the fullest hour" if total else ""),
    )


def _hour(start: datetime, requests: int, failed: int, x: float, step: float, highest: int) -> Hour:
    height, bad = _FLOOR * requests / highest, _FLOOR * failed / highest
    return Hour(start, requests, failed, x + 1, step - 2, _FLOOR - height, height, _FLOOR - bad, bad)

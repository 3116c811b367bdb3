"""Whether releases may go out now, and from when on if not: windows and the time in, an answer out.

A window is written by the clock on the wall, and asked about by instants. Where clocks are changed, a time on the wall
comes twice or not at all; a window then is never longer than by either reading: it opens at the later instant and
closes at the earlier one. Closed days last from the first instant that could be theirs to the last.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bailiwick.control.change_windows.model import WEEKDAYS, WHOLE_DAY, ClosedDays, Standing, Window
from bailiwick.core.policy import ORGANIZATION, scope_chain

_DAY = timedelta(days=1)
_WEEK = 7


def standing(windows: Sequence[Window], app: str, now: datetime) -> Standing:
    """Return whether releases of an app may go out: by the hours of the deepest folder that has some, and never on days
    that are closed there or anywhere above. Where no window is, they always may; where a time zone is not known here,
    they may not.
    """
    return _standing(_around(windows, f"app:{app}"), now)


def standing_of_folder(windows: Sequence[Window], folder: str, now: datetime) -> Standing:
    """Return whether releases of the apps of a folder (empty for the organisation) may go out."""
    return _standing(_around(windows, f"folder:{folder}" if folder else ORGANIZATION), now)


@dataclass(frozen=True, slots=True)
class _Shut:
    """Closed days as instants, from the first to before the last, and whose they are."""

    begin: datetime
    end: datetime
    days: ClosedDays
    window: Window

    def covers(self, moment: datetime) -> bool:
        return self.begin <= moment < self.end


def _standing(around: Sequence[Window], now: datetime) -> Standing:
    if not around:
        return Standing(True, "no change window is set")
    hours = next((window for window in around if window.days), None)
    if hours is None:
        # Closed days alone: every other hour is open.
        opens, closes = WHOLE_DAY
        hours = replace(around[0], days=tuple(range(_WEEK)), opens=opens, closes=closes)
    counted = [hours, *(window for window in around if window.closed)]
    unknown = next((window for window in counted if _zone(window) is None), None)
    zone = _zone(hours)
    if unknown is not None or zone is None:
        which = unknown or hours
        return Standing(False, f"the time zone {which.zone} of the {which.name} is not known here", which.name)
    shut = sorted(_all_shut(around), key=lambda item: item.begin)
    opens_at = next(_openings(hours, zone, shut, now), None)
    if opens_at == now:
        return Standing(True, f"the {hours.name} is open: {hours.words}", hours.name)
    closed = next((item for item in shut if item.covers(now)), None)
    why, name = f"outside the {hours.name}: {hours.words}", hours.name
    if closed is not None:
        why, name = f"closed for {closed.days.words}", closed.window.name
    if opens_at is None:
        return Standing(False, why, name)
    return Standing(False, why, name, opens_at, _words(opens_at, now, zone))


def _around(windows: Sequence[Window], place: str) -> list[Window]:
    """Return the windows of a place and of all that it is in, the nearest first."""
    places = {window.folder: window for window in windows}
    folders = ("" if scope == ORGANIZATION else scope.removeprefix("folder:") for scope in scope_chain(place))
    return [places[folder] for folder in folders if folder in places]


def _zone(window: Window) -> ZoneInfo | None:
    try:
        return ZoneInfo(window.zone)
    except (KeyError, OSError, ValueError):
        return None


def _all_shut(around: Sequence[Window]) -> Iterator[_Shut]:
    for window in around:
        zone = _zone(window)
        if zone is None:
            continue
        for days in window.closed:
            begin, end = _shut(days.first, days.last, zone)
            yield _Shut(begin, end, days, window)


def _openings(hours: Window, zone: ZoneInfo, shut: Sequence[_Shut], now: datetime) -> Iterator[datetime]:
    """Yield the first instant of each opening that is not over, or `now` for the one that it is in."""
    today = now.astimezone(zone).date()
    # One day back for what opened yesterday; one week beyond the last closed day, so that each weekday comes once.
    last = max([today, *(item.end.astimezone(zone).date() for item in shut)]) + _WEEK * _DAY
    day = today - _DAY
    while day <= last:
        if day.weekday() in hours.days:
            begin = max(*_instants(day, hours.opens, zone), now)
            end = min(_instants(day + _DAY if hours.closes <= hours.opens else day, hours.closes, zone))
            for item in shut:
                begin = item.end if item.covers(begin) else begin
            if begin < end:
                yield begin
        day += _DAY


def _shut(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return min(_instants(first, "00:00", zone)), max(_instants(last, "24:00", zone))


def _instants(day: date, at: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return both instants at which a clock on the wall could show a time: mostly they are the same."""
    if at == "24:00":
        day, at = day + _DAY, "00:00"
    shown = datetime.combine(day, time.fromisoformat(at), zone)
    return shown.astimezone(UTC), shown.replace(fold=1).astimezone(UTC)


def _words(opens_at: datetime, now: datetime, zone: ZoneInfo) -> str:
    shown = opens_at.astimezone(zone)
    far = shown.date() - now.astimezone(zone).date() >= _WEEK * _DAY
    return f"{WEEKDAYS[shown.weekday()].title()}{f' {shown:%Y-%m-%d}' if far else ''} {shown:%H:%M} ({zone.key})"

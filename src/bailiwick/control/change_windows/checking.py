"""What is written of a window, as what can be kept; or why not, in words."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from bailiwick.control.change_windows.model import WEEKDAYS, ClosedDays, WindowDraft
from bailiwick.core.errors import InvalidInputError

MOST_CLOSED = 30
_LONGEST_CLOSED = timedelta(days=92)
_FURTHEST = timedelta(days=800)
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")


def folder_of(text: str) -> str:
    """Return the folder that somebody means; empty for the organisation."""
    return text.strip().removeprefix("folder:").strip("/")


def checked(draft: WindowDraft) -> WindowDraft:
    """Return a draft that can be kept; raise `InvalidInputError` with what to write instead."""
    days = tuple(sorted(set(draft.days)))
    if not days or not set(days) <= set(range(len(WEEKDAYS))):
        raise InvalidInputError("a window opens on at least one weekday", hint="for example --days mon-fri")
    for at in (draft.opens, draft.closes):
        if not _TIME.fullmatch(at):
            raise InvalidInputError(f"'{at[:20]}' is no time of the day", hint="write hours and minutes, as in 08:00")
    if draft.opens == "24:00":
        raise InvalidInputError("a window cannot open at 24:00", hint="write 00:00 of the day after")
    if draft.opens == draft.closes:
        raise InvalidInputError(
            "a window that opens and closes at the same time has no length", hint="all day is from 00:00 to 24:00"
        )
    return WindowDraft(folder_of(draft.folder), days, draft.opens, draft.closes, known_zone(draft.zone))


def known_zone(name: str) -> str:
    """Return the name of a time zone that is known; raise `InvalidInputError` for another one."""
    try:
        if not _ZONE.fullmatch(name):
            raise ValueError
        return ZoneInfo(name).key
    except (KeyError, OSError, ValueError) as unknown:
        raise InvalidInputError(
            f"'{name[:60]}' is no time zone that is known here", hint="write an IANA name, as in Europe/Berlin, or UTC"
        ) from unknown


def with_closed(closed: Sequence[ClosedDays], more: ClosedDays, today: date) -> tuple[ClosedDays, ...]:
    """Return closed days with more of them, without those that are over; raise `InvalidInputError` where they do not
    fit.
    """
    if not more.name.strip():
        raise InvalidInputError("closed days need a name", hint='for example "year end"')
    if more.last < more.first:
        raise InvalidInputError("closed days end after they begin", hint="name the first day, then the last")
    if more.last - more.first > _LONGEST_CLOSED or more.last - today > _FURTHEST:
        raise InvalidInputError(
            "closed days are three months at most, in the next two years",
            hint="for longer, start a freeze: bailiwick freeze",
        )
    if more.last < today:
        raise InvalidInputError("those days are over", hint="name days to come")
    kept = [item for item in closed if item.last >= today and item.name != more.name.strip()]
    if len(kept) >= MOST_CLOSED:
        raise InvalidInputError(f"a window has {MOST_CLOSED} closed times at most", hint="remove some of them first")
    return tuple(sorted([*kept, ClosedDays(more.name.strip()[:100], more.first, more.last)], key=lambda it: it.first))


def days_of(text: str) -> tuple[int, ...]:
    """Return the weekdays that somebody wrote, as in `mon-fri` or `mon,wed,sat-sun` (a range may go over Sunday);
    raise `InvalidInputError` for what is none.
    """
    found: list[int] = []
    for part in filter(None, (item.strip().lower() for item in text.split(","))):
        first, _, last = part.partition("-")
        begin, end = _weekday(first), _weekday(last or first)
        found += [day % len(WEEKDAYS) for day in range(begin, end + 1 if end >= begin else end + len(WEEKDAYS) + 1)]
    return tuple(sorted(set(found)))


def _weekday(name: str) -> int:
    for number, full in enumerate(WEEKDAYS):
        if name in {full, full[:3]}:
            return number
    raise InvalidInputError(f"'{name[:20]}' is no weekday", hint="write mon, tue, wed, thu, fri, sat or sun")

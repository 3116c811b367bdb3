"""Days in questions: "since March", "of the last 30 days", "this year", as the days that they begin and end with. Pure.

What may mean several things (a past year, this week, yesterday) is none of these, and opens nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
# Months and years are not all alike: the shortest counts, so that never more is opened than was asked.
_DAYS_OF = {"day": 1, "week": 7, "month": 28, "year": 365}
_MONTHS_OF = {"month": 1, "quarter": 3, "year": 12}
_YEAR = re.compile(r"(?:19|20)\d\d")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOST_DAYS = 36_525
_FROM, _AFTER, _BEFORE, _UNTIL = "since", "after", "before", "until"


@dataclass(frozen=True, slots=True)
class Days:
    """Which days are meant: from `begin` on and before `end`, each where it is said, or the last `within` days."""

    begin: date | None = None
    end: date | None = None
    within: int | None = None


@dataclass(frozen=True, slots=True)
class _Span:
    """Days from the first on, and before `end`; how many words say it."""

    begin: date
    end: date
    words: int


def days_of(words: Sequence[str], chunks: Sequence[str], today: date) -> tuple[Days, int] | None:
    """Return the days that some words begin with, and how many words say so; None where they say none.

    `words` are folded and in the singular, `chunks` what each was written in.
    """
    if not words:
        return None
    return _rolling(words) or _bounded(words, chunks, today) or _calendar(words, today)


def span_of(words: Sequence[str], chunks: Sequence[str], today: date) -> tuple[Days, int] | None:
    """Return a year, month or day that is named by itself, as after "in"."""
    found = _named(words, chunks, today)
    return (Days(found.begin, found.end), found.words) if found is not None else None


def _rolling(words: Sequence[str]) -> tuple[Days, int] | None:
    """Read `today` and `last 30 days`."""
    if words[0] == "today":
        return Days(within=0), 1
    if len(words) > 2 and words[0] in {"last", "past"} and words[1].isdecimal() and words[2] in _DAYS_OF:  # noqa: PLR2004
        days = int(words[1][:6]) * _DAYS_OF[words[2]]
        return (Days(within=days), 3) if 0 < days <= _MOST_DAYS else None
    return None


def _calendar(words: Sequence[str], today: date) -> tuple[Days, int] | None:
    """Read `this year`, `last month`."""
    if len(words) > 1 and words[1] in _MONTHS_OF and words[0] in {"this", "current", "last", "previous"}:
        length = _MONTHS_OF[words[1]]
        begin = date(today.year, (today.month - 1) // length * length + 1, 1)
        if words[0] in {"last", "previous"}:
            begin = _later(begin, -length)
        return Days(begin, _later(begin, length)), 2
    return None


def _bounded(words: Sequence[str], chunks: Sequence[str], today: date) -> tuple[Days, int] | None:
    """Read `since March`, `after 2025`, `before 2026-03-01`, `until May`."""
    if words[0] not in {_FROM, _AFTER, _BEFORE, _UNTIL}:
        return None
    found = _named(words[1:], chunks[1:], today)
    if found is None:
        return None
    days = {
        _FROM: Days(begin=found.begin),
        _AFTER: Days(begin=found.end),
        _BEFORE: Days(end=found.begin),
        _UNTIL: Days(end=found.end),
    }
    return days[words[0]], 1 + found.words


def _named(words: Sequence[str], chunks: Sequence[str], today: date) -> _Span | None:
    """Read a day as in 2026-03-01, a month with its year or the last that began, or a year."""
    if not words:
        return None
    if _DAY.fullmatch(chunks[0]):
        length = next((place for place, chunk in enumerate(chunks) if chunk is not chunks[0]), len(chunks))
        try:
            begin = date.fromisoformat(chunks[0])
        except ValueError:
            return None
        return _Span(begin, begin + timedelta(days=1), length)
    if words[0] in _MONTHS:
        month = _MONTHS.index(words[0]) + 1
        said = len(words) > 1 and _YEAR.fullmatch(words[1]) is not None
        year = int(words[1]) if said else today.year - (month > today.month)
        begin = date(year, month, 1)
        return _Span(begin, _later(begin, 1), 2 if said else 1)
    if _YEAR.fullmatch(words[0]):
        return _Span(date(int(words[0]), 1, 1), date(int(words[0]) + 1, 1, 1), 1)
    return None


def _later(begin: date, months: int) -> date:
    """Return the first day of a month, so many months later."""
    number = begin.year * 12 + begin.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)

"""Rows of `timestamp,value` as exports write them: what they say, or which line is wrong and why."""

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite

from bailiwick.core.anomalies.detector import LARGEST_VALUE

_MILLISECONDS_FROM = 1e11
_OTHER_FORMS = ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M")
# A clock that is set back in autumn repeats an hour; what lies further back is not in order.
_CLOCK_CHANGE_SECONDS = 3600.0
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - for times without a zone


class BadRowError(ValueError):
    """A row that cannot be scored; `str` says the line, what is wrong and what would be right."""


@dataclass(slots=True)
class Columns:
    """Where time and value stand."""

    timestamp: int = 0
    value: int = 1


class Rows:
    """Reads rows one after another and remembers where it is."""

    def __init__(self) -> None:
        self.line = 0
        self.repeated = 0
        self.first_repeated = 0
        self._columns: Columns | None = None
        self._last: float | None = None

    def read(self, line: str) -> tuple[str, str, float, float | None] | None:
        """Return a row's time and value as written and as numbers: no number is a gap. Nothing for a header."""
        self.line += 1
        parts = line.split(",") if '"' not in line else next(csv.reader([line]))
        columns = self._columns
        if columns is None:
            header = _header(parts)
            self._columns = columns = header or Columns()
            if header is not None:
                return None
        if len(parts) <= columns.value or len(parts) <= columns.timestamp:
            raise BadRowError(f"line {self.line}: there is no value: expected `timestamp,value`")
        written, told = parts[columns.timestamp].strip(), parts[columns.value].strip()
        at = self._in_order(self._seconds(written))
        return written, told, at, self._number(told)

    def _number(self, told: str) -> float | None:
        if not told:
            return None
        try:
            value = float(told)
        except ValueError:
            raise BadRowError(f"line {self.line}: {told[:40]!r} is no number; leave a gap empty") from None
        if not isfinite(value):
            raise BadRowError(f"line {self.line}: {told[:40]!r} cannot be scored; leave a gap empty")
        if not -LARGEST_VALUE < value < LARGEST_VALUE:
            raise BadRowError(f"line {self.line}: {told[:40]} is too large; values lie within ±1e300")
        return value

    def _seconds(self, written: str) -> float:
        try:
            return seconds_of(written)
        except ValueError:
            right = "write 2026-03-01 12:30:00, 2026-03-01T12:30:00Z, or seconds since 1970"
            raise BadRowError(f"line {self.line}: {written[:40]!r} is no time; {right}") from None

    def _in_order(self, at: float) -> float:
        last = self._last
        if last is not None and at <= last:
            if last - at > _CLOCK_CHANGE_SECONDS:
                raise BadRowError(f"line {self.line}: this time lies before the line above; sort rows by time")
            self.repeated += 1
            self.first_repeated = self.first_repeated or self.line
        self._last = at
        return at


def seconds_of(written: str) -> float:
    """Return a time as seconds since 1970; one without a zone is taken as it stands. Raise ValueError for no time."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return _otherwise(written)
    if moment.tzinfo is None:
        return (moment - _EPOCH).total_seconds()
    return moment.timestamp()


def _otherwise(written: str) -> float:
    try:
        number = float(written)
    except ValueError:
        pass
    else:
        return _unix(number)
    if written[4:5] == "/":
        return datetime.fromisoformat(written.replace("/", "-")).replace(tzinfo=UTC).timestamp()
    for form in _OTHER_FORMS:
        try:
            return datetime.strptime(written, form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    raise ValueError(written)


def _unix(number: float) -> float:
    if not abs(number) < 1e17:  # noqa: PLR2004 - no time of anybody's
        raise ValueError(number)
    return number / 1000 if abs(number) >= _MILLISECONDS_FROM else number


def _header(parts: list[str]) -> Columns | None:
    """Return where the columns are, if this is a header; nothing if it is a row."""
    names = [part.strip().lstrip("\ufeff").lower() for part in parts]
    if "timestamp" in names and "value" in names:
        return Columns(names.index("timestamp"), names.index("value"))
    if len(names) > 1 and not _is_row(names):
        return Columns() if all(name and not name[0].isdigit() for name in names[:2]) else None
    return None


def _is_row(names: list[str]) -> bool:
    try:
        seconds_of(names[0])
        float(names[1] or "0")
    except ValueError:
        return False
    return True

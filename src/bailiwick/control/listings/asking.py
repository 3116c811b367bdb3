"""Reads what an address asks of a list. What is not understood is refused: a filter that is passed over shows more."""

import base64
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from bailiwick.control.listings.model import Asked, Column, Kind, Listing, Value
from bailiwick.core.errors import InvalidInputError

_RESERVED = frozenset({"sort", "columns", "cursor"})
_MOST_FILTERS, _MOST_CHARACTERS = 20, 200
_AGO = re.compile(r"(\d{1,4})([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LOWEST: dict[Kind, Value] = {
    "number": -1,
    "time": datetime(1970, 1, 1, tzinfo=UTC),
}


def lowest(column: Column) -> Value:
    """Return what a missing value of a column counts as where rows are put in order."""
    return _LOWEST.get(column.kind, "")


def parse(listing: Listing, pairs: Iterable[tuple[str, str]]) -> Asked:
    """Return what the pairs of an address ask. Raises `InvalidInputError` for what is not understood."""
    given = [(name, value.strip()) for name, value in pairs if value.strip()]
    last = {name: value for name, value in given if name in _RESERVED}
    filters = tuple(dict.fromkeys((name, value) for name, value in given if name not in _RESERVED))
    for name, value in filters:
        _require_sound(listing, name, value)
    if len(filters) > _MOST_FILTERS:
        raise InvalidInputError(f"more than {_MOST_FILTERS} filters", hint="take some away")
    order = last.get("sort", listing.order)
    shown = tuple(dict.fromkeys(filter(None, ",".join(v for n, v in given if n == "columns").split(","))))
    for name in (order.removeprefix("-"), *shown):
        if listing.column(name) is None:
            raise _unknown(listing, name)
    return Asked(order.removeprefix("-"), order.startswith("-"), filters, shown, last.get("cursor", ""))


def pairs_of(listing: Listing, asked: Asked) -> list[tuple[str, str]]:
    """Return what is asked as the pairs of an address, without the place in the list."""
    order = f"{'-' if asked.descending else ''}{asked.sort}"
    pairs = list(asked.filters)
    pairs += [("sort", order)] if order != listing.order else []
    return pairs + ([("columns", ",".join(asked.shown))] if asked.shown else [])


def moment(text: str, now: datetime) -> datetime:
    """Return a time that is written as one, or as how long ago it was: `7d`. Raises `InvalidInputError`."""
    if ago := _AGO.fullmatch(text):
        return now - int(ago[1]) * _UNITS[ago[2]]
    try:
        found = datetime.fromisoformat(text)
    except ValueError as fault:
        raise InvalidInputError(f"'{text[:40]}' is no time", hint="write 7d, 12h or 2026-03-01") from fault
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def write_cursor(value: Value, key: str) -> str:
    """Return the place after a row as text for an address."""
    at = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([at, key]).encode()).decode().rstrip("=")


def read_cursor(text: str, column: Column) -> tuple[Value, str]:
    """Return the value and the key of the last row that was shown. Raises `InvalidInputError` for what is no place."""
    try:
        at, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        wanted = {"number": (int, float)}.get(column.kind, (str,))
        if not isinstance(key, str) or not isinstance(at, wanted) or isinstance(at, bool):
            raise InvalidInputError("this is no place in the list", hint="begin at its first page")
        return (datetime.fromisoformat(str(at)) if column.kind == "time" else at), key
    except (ValueError, TypeError) as fault:
        raise InvalidInputError("this is no place in the list", hint="begin at its first page") from fault


def _require_sound(listing: Listing, name: str, value: str) -> None:
    column = listing.column(name)
    if column is None:
        raise _unknown(listing, name)
    if len(value) > _MOST_CHARACTERS or "\x00" in value:
        raise InvalidInputError(f"this is too long to look for in '{name}'", hint="a part of it is enough")
    if column.choices and value not in column.choices:
        raise InvalidInputError(f"'{value[:40]}' is no {column.label}", hint=f"one of {', '.join(column.choices)}")
    if column.kind == "number" and not re.fullmatch(r"\d{1,15}", value):
        raise InvalidInputError(f"'{value[:40]}' is no number", hint=f"the least of {column.label}, in figures")
    if column.kind == "time":
        moment(value, datetime.now(UTC))


def _unknown(listing: Listing, name: str) -> InvalidInputError:
    names = ", ".join(item.name for item in listing.columns)
    return InvalidInputError(f"{listing.title} have no column '{name[:40]}'", hint=f"there are {names}")

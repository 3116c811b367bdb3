"""Values of Snowflake's SQL API: bindings of statements, and columns of rows, which are all texts.

Source: https://docs.snowflake.com/en/developer-guide/sql-api/submitting-requests ("Using bind variables") and
`handling-responses` ("Getting the data from the results").
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bailiwick.dataplane.gateways.sql.engines.model import Value

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = date(1970, 1, 1)
_SECONDS = re.compile(r"(-?[0-9]{1,13})(?:\.([0-9]{1,9}))?(?: [0-9]{1,4})?")
_BINDINGS = {"bool": "BOOLEAN", "int4": "FIXED", "int8": "FIXED", "bytea": "BINARY"}
# By name in information_schema; numbers are told apart by their digits.
_KINDS = {
    "TEXT": "text", "BOOLEAN": "bool", "DATE": "date", "FLOAT": "float8", "BINARY": "bytea",
    "TIMESTAMP_NTZ": "timestamp", "TIMESTAMP_TZ": "timestamptz", "TIMESTAMP_LTZ": "timestamptz",
}  # fmt: skip


def bindings(values: Sequence[Value]) -> dict[str, dict[str, str | None]]:
    """Return the values of a statement by their place. What the statement casts goes as text."""
    return {
        str(place): {"type": _BINDINGS.get(kind, "TEXT"), "value": _written(kind, text) if text is not None else None}
        for place, (kind, text) in enumerate(values, start=1)
    }


def _written(kind: str, text: str) -> str:
    if kind == "bool":
        return "true" if text == "1" else "false"
    return f"{text} +00:00" if kind == "timestamptz" else text


def kind_of(name: str, scale: str | None, collation: str | None) -> str | None:
    """Return PostgreSQL's type for a column of a table, None for one that is not offered."""
    if collation:
        return None
    if name == "NUMBER":
        # An INT is a NUMBER of 38 digits there; one that does not fit is an error of its row.
        return "int8" if scale == "0" else "numeric"
    return _KINDS.get(name)


def decoder(column: Mapping[str, Any]) -> Callable[[Any], object]:
    """Return what reads values of a column of an answer; raise `KeyError` for a type that is not known."""
    return _DECODERS[str(column.get("type")).lower()]


def _number(value: Any) -> object:
    found = Decimal(_text(value))
    return int(found) if found == found.to_integral_value() and found.as_tuple().exponent == 0 else found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _bool(value: Any) -> bool:
    return {"true": True, "false": False, "1": True, "0": False}[_text(value).lower()]


def _moment(value: Any) -> datetime:
    """Return a moment that is told as seconds since 1970, for some types with a zone behind them that changes none."""
    found = _SECONDS.fullmatch(_text(value))
    if found is None:
        raise ValueError
    micro = int((found[2] or "").ljust(9, "0")[:6])
    seconds = int(found[1])
    return _EPOCH + timedelta(seconds=seconds, microseconds=-micro if found[1].startswith("-") else micro)


_DECODERS: dict[str, Callable[[Any], object]] = {
    "fixed": _number,
    "real": lambda value: float(_text(value)),
    "text": _text,
    "boolean": _bool,
    "date": lambda value: _DAY + timedelta(days=int(_text(value))),
    "binary": lambda value: bytes.fromhex(_text(value)),
    **dict.fromkeys(("timestamp_ntz", "timestamp_ltz", "timestamp_tz"), _moment),
}

"""Values of BigQuery: parameters of queries, and columns of rows.

Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/StandardSqlDataType and `QueryParameter`.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bailiwick.dataplane.gateways.sql.engines.model import Value

# By name of BigQuery's type, old names too: the type of PostgreSQL, and what reads a value of it.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PARAMETERS = {
    "bool": "BOOL", "int4": "INT64", "int8": "INT64", "float8": "FLOAT64", "numeric": "BIGNUMERIC", "text": "STRING",
    "uuid": "STRING", "date": "DATE", "timestamp": "DATETIME", "timestamptz": "TIMESTAMP", "bytea": "BYTES",
}  # fmt: skip


def parameters(values: Sequence[Value]) -> list[dict[str, Any]]:
    """Return the values of a query, by the names that the translation gave them."""
    return [
        {
            "name": f"b{place}",
            "parameterType": {"type": _PARAMETERS[kind]},
            "parameterValue": {"value": _written(kind, text) if text is not None else None},
        }
        for place, (kind, text) in enumerate(values)
    ]


def _written(kind: str, text: str) -> str:
    if kind == "bool":
        return "true" if text == "1" else "false"
    if kind == "bytea":
        return base64.b64encode(bytes.fromhex(text)).decode()
    return f"{text}+00:00" if kind == "timestamptz" else text


def kind_of(field: Mapping[str, Any]) -> str | None:
    """Return PostgreSQL's type for a column of a table, None for one that is not offered: lists, records, texts that
    compare by rules of their own.
    """
    if field.get("mode") == "REPEATED" or field.get("collation"):
        return None
    found = _TYPES.get(str(field.get("type")))
    return found[0] if found is not None else None


def decoder(field: Mapping[str, Any]) -> Callable[[Any], object]:
    """Return what reads values of a column of an answer; raise `KeyError` for a type that is not known."""
    if field.get("mode") == "REPEATED":
        raise KeyError("REPEATED")
    return _TYPES[str(field.get("type"))][1]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _bool(value: Any) -> bool:
    return {"true": True, "false": False}[_text(value).lower()]


def _moment(value: Any) -> datetime:
    return _EPOCH + timedelta(microseconds=int(_text(value)))


_TYPES: dict[str, tuple[str, Callable[[Any], object]]] = {
    **dict.fromkeys(("INT64", "INTEGER"), ("int8", lambda value: int(_text(value)))),
    **dict.fromkeys(("FLOAT64", "FLOAT"), ("float8", lambda value: float(_text(value)))),
    **dict.fromkeys(("NUMERIC", "BIGNUMERIC"), ("numeric", lambda value: Decimal(_text(value)))),
    **dict.fromkeys(("BOOL", "BOOLEAN"), ("bool", _bool)),
    "STRING": ("text", _text),
    "BYTES": ("bytea", lambda value: base64.b64decode(_text(value), validate=True)),
    "DATE": ("date", lambda value: date.fromisoformat(_text(value))),
    "DATETIME": ("timestamp", lambda value: datetime.fromisoformat(_text(value))),
    "TIMESTAMP": ("timestamptz", _moment),
}

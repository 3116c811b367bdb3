"""Lists as files: CSV that no spreadsheet takes for formulas, and JSON."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from bailiwick.control.listings import Column, Row, Value

# With these a spreadsheet begins a formula (OWASP, CSV injection); a tab and a return, and signs that it takes for one
# of them, lead to it as well.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_lines(columns: Sequence[Column], rows: Iterator[Row]) -> Iterator[str]:
    """Yield rows as lines of CSV (RFC 4180), the names of the columns first."""
    yield _line([item.name for item in columns])
    for row in rows:
        yield _line([cell(row[item.name]) for item in columns])


def json_lines(columns: Sequence[Column], rows: Iterator[Row]) -> Iterator[str]:
    """Yield rows as one JSON array."""
    start = "["
    for row in rows:
        yield start + json.dumps({item.name: _plain(row[item.name]) for item in columns}, ensure_ascii=False)
        start = ",\n"
    yield "[]\n" if start == "[" else "]\n"


def cell(value: Value) -> str:
    """Return a value as a cell that is text to every spreadsheet: what could be a formula is marked as text."""
    if isinstance(value, int | float):
        return str(value)
    text = str(_plain(value) or "")
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _plain(value: Value) -> str | int | float | None:
    return value.isoformat() if isinstance(value, datetime) else value


def _line(cells: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerow(cells)
    return written.getvalue()

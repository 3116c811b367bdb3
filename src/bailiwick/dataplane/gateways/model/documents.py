"""The texts of a document of JSON, in order, and the same document with others in their places.

Texts are its strings, names of fields too, and its long numbers as they are written: a card or a phone may be one.
"""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

# Shorter numbers than that are settings and counts, and no number of anybody.
_LEAST, _MOST = 10**5, 10**40


def strings_in(value: Any) -> list[str]:
    """Return every text of a document in order."""
    found: list[str] = []
    _gather(value, found)
    return found


def _gather(value: Any, found: list[str]) -> None:
    # Not a generator, which would take twice as long: this is done with every request and every event.
    if isinstance(value, str):
        found.append(value)
    elif isinstance(value, list):
        for item in value:
            _gather(item, found)
    elif isinstance(value, dict):
        for key, item in value.items():
            found.append(key)
            if isinstance(item, str):
                found.append(item)
            elif item is not None:
                _gather(item, found)
    elif (written := number_written(value)) is not None:
        found.append(written)


def number_written(value: Any) -> str | None:
    """Return a number as it is written, where it is long enough to be looked through."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not _LEAST <= abs(value) < _MOST:
        return None
    return str(int(value)) if int(value) == value else None


def rebuilt(value: Any, strings: Iterator[str]) -> Any:
    """Return a document with other texts, which come in the order of `strings_in`; a number that is another text now
    becomes a string.
    """
    if isinstance(value, str):
        return next(strings)
    if isinstance(value, list):
        return [rebuilt(item, strings) for item in value]
    if isinstance(value, dict):
        return {next(strings): rebuilt(item, strings) for item in value.values()}
    written = number_written(value)
    if written is None:
        return value
    text = next(strings)
    return value if text == written else text


def fields_in(value: Any, field: str = "") -> Iterator[str]:
    """Yield for each text of `strings_in` the name of the field that it stands in; a name itself stands in none."""
    if isinstance(value, str):
        yield field
    elif isinstance(value, list):
        for item in value:
            yield from fields_in(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield ""
            yield from fields_in(item, key)
    elif number_written(value) is not None:
        yield field


def written(document: Any) -> bytes:
    """Return a document, all of whose numbers are finite, as JSON. Raises `RecursionError` where it is too deep."""
    try:
        return msgspec.json.encode(document)
    except UnicodeEncodeError:
        # Half a character is no UTF-8, and may stand in JSON as an escape.
        return json.dumps(document, separators=(",", ":"), allow_nan=False).encode()

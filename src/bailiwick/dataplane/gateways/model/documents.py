"""The strings of a document of JSON, in order, and the same document with others in their places."""

from collections.abc import Iterator
from typing import Any


def strings_in(value: Any) -> list[str]:
    """Return every string of a document in order, names of fields too."""
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
            else:
                _gather(item, found)


def rebuilt(value: Any, strings: Iterator[str]) -> Any:
    """Return a document with other strings, which come in the order of `strings_in`."""
    if isinstance(value, str):
        return next(strings)
    if isinstance(value, list):
        return [rebuilt(item, strings) for item in value]
    if isinstance(value, dict):
        return {next(strings): rebuilt(item, strings) for item in value.values()}
    return value


def fields_in(value: Any, field: str = "") -> Iterator[str]:
    """Yield for each string of `strings_in` the name of the field that it stands in; a name itself stands in none."""
    if isinstance(value, str):
        yield field
    elif isinstance(value, list):
        for item in value:
            yield from fields_in(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield ""
            yield from fields_in(item, key)

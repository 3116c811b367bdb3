"""Attributes of telemetry as plain values, and names without values of their own."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bailiwick.core.traces import route_of, said_name

_WORD = re.compile(r"[A-Za-z_$<{][A-Za-z_$<>{}.:/-]{0,79}")
_MOST = 64
_LONGEST = 1000
_MOST_WORDS = 12
# Values within values: deeper ones are left out.
_DEEPEST = 4


def plain(value: Any, depth: int = 0) -> Any:
    """Return what an AnyValue of OTLP holds, with an end to it."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(item, depth + 1) for item in value.array_value.values[:_MOST]] if depth < _DEEPEST else "…"
    if kind == "kvlist_value":
        return attributes_of(value.kvlist_value.values, depth + 1) if depth < _DEEPEST else "…"
    if kind == "bytes_value":
        return f"{len(value.bytes_value)} bytes"
    found = getattr(value, kind) if kind else ""
    return found[:_LONGEST] if isinstance(found, str) else found


def attributes_of(items: Iterable[Any], depth: int = 0) -> Mapping[str, Any]:
    """Return attributes by name; of too many the first."""
    found: dict[str, Any] = {}
    for item in items:
        if len(found) >= _MOST:
            break
        found[said_name(item.key, 80)] = plain(item.value, depth)
    return found


def worded_name(name: str) -> str:
    """Return a name of an app's own making with `{}` in the place of whatever may be a value."""
    words = said_name(name, 400).split()[:_MOST_WORDS]
    return said_name(" ".join(_word(word) for word in words))


def _word(word: str) -> str:
    if word.startswith("/"):
        return route_of(word)
    return word if _WORD.fullmatch(word) else "{}"

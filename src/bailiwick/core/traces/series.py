"""Series of an app's metrics over a minute: increases of counters, however often they begin anew, and means of others.

An app has so many series and no more: a million labels hurt nobody, and are not kept.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bailiwick.core.messages.spans import MetricSeen

MOST_SERIES, MOST_KNOWN = 200, 2000
_YOUNG_NANOSECONDS = 120 * 10**9
_Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass
class _Sum:
    unit: str
    kind: str
    value: float = 0.0
    count: int = 0


class SeriesMeter:
    """The series of one app; not for several threads at once."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, float, int]] = {}
        self._known: set[_Key] = set()
        self._minutes: dict[tuple[datetime, _Key], _Sum] = {}

    def add(
        self, name: str, unit: str, kind: str, labels: Mapping[str, str], value: float, count: int, *, key: str,
        cumulative: bool, since: int, now: datetime,
    ) -> bool:  # fmt: skip
        """Take a point; return whether there is room for its series."""
        own = (name, tuple(sorted(labels.items())))
        if own not in self._known and len(self._known) >= MOST_SERIES:
            return False
        if cumulative:
            increase = self._increase(key, since, value, count, now)
            if increase is None:
                return False
            value, count = increase
        self._known.add(own)
        found = self._minutes.setdefault((now.replace(second=0, microsecond=0), own), _Sum(unit, kind))
        found.value += value
        found.count += count
        return True

    def _increase(self, key: str, since: int, value: float, count: int, now: datetime) -> tuple[float, int] | None:
        """Return by how much a sum has grown since it was last told: all of it where it began anew meanwhile."""
        digest = hashlib.sha256(key.encode()).hexdigest()[:24]
        last = self._last.get(digest)
        if last is None and len(self._last) >= MOST_KNOWN:
            return None
        self._last[digest] = (since, value, count)
        if last is None:
            # What began long before it was first told here did not all happen now.
            young = bool(since) and now.timestamp() * 1e9 - since < _YOUNG_NANOSECONDS
            return (value, count) if young else (0.0, 0)
        if value < last[1] or (since and last[0] and since != last[0]):
            return value, count
        return value - last[1], max(count - last[2], 0)

    def take(self) -> Iterator[MetricSeen]:
        """Yield what was added since the last time."""
        minutes, self._minutes = self._minutes, {}
        for (minute, (name, labels)), found in minutes.items():
            yield MetricSeen.model_validate(
                {"minute": minute, "name": name, "unit": found.unit, "kind": found.kind, "labels": dict(labels),
                 "value": found.value, "count": found.count}
            )  # fmt: skip

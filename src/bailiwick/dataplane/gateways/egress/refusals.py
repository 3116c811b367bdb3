"""Refusals for the audit log: the first at once, those that are the same within a minute summed after it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from bailiwick.core.events import AuditEvent

_SUM_SECONDS = 60.0
_MOST_KINDS = 30


@dataclass
class _More:
    """What was told already, and how often it happened again."""

    event: AuditEvent
    since: float
    times: int = 0


class Refusals:
    """Emits refusals; two are the same when app, mode, host and words are. Of each app so many kinds are told a minute:
    what goes beyond (names made up to carry something out) is one kind.
    """

    def __init__(self, emit: Callable[[AuditEvent], None], now: Callable[[], float] = time.monotonic) -> None:
        self._emit = emit
        self._now = now
        self._told: dict[tuple[object, ...], _More] = {}

    def tell(self, event: AuditEvent) -> None:
        """Emit a refusal, or count it with one that was emitted a moment ago."""
        of = (event.app, event.context.get("mode"))
        key = (*of, event.context.get("host"), event.reason)
        if key not in self._told and sum(other[:2] == of for other in self._told) >= _MOST_KINDS:
            key = (*of, "", "")
        known = self._told.get(key)
        if known is None:
            self._told[key] = _More(event, self._now())
            self._emit(event)
        else:
            known.times += 1
            known.event = event

    def sum_up(self) -> None:
        """Emit how often what was told a minute ago happened again since."""
        now = self._now()
        self._sum([key for key, known in self._told.items() if now - known.since >= _SUM_SECONDS])

    def close(self) -> None:
        """Emit all that was only counted."""
        self._sum(list(self._told))

    def _sum(self, keys: list[tuple[object, ...]]) -> None:
        for key in keys:
            known = self._told.pop(key)
            if known.times:
                context = {**known.event.context, "times": known.times}
                self._emit(known.event.model_copy(update={"context": context}))

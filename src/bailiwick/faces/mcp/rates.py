"""How often agents may call: each person with all that works for them, and each agent for all people together."""

import time
from collections import OrderedDict
from collections.abc import Callable

from bailiwick.core.principals import Principal
from bailiwick.core.rates import RateLimit

OF_A_PERSON, OF_AN_AGENT = 240, 2400
_MINUTE = 60.0
_MOST_KNOWN = 10_000


class CallRates:
    """Counts calls by the minute, with bursts of a whole one; `now` is a monotonic clock in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._limits: OrderedDict[str, RateLimit] = OrderedDict()
        self._told: OrderedDict[str, float] = OrderedDict()

    def wait_seconds(self, principal: Principal) -> float:
        """Count a call; return 0 when it may be made, else how many seconds to wait (then it is not counted)."""
        wait = self._wait(principal.answerable, OF_A_PERSON)
        if not wait and principal.behalf:
            wait = self._wait(principal.own, OF_AN_AGENT)
        return wait

    def is_news(self, who: str) -> bool:
        """Return whether it was not said in the last minute that somebody calls too often."""
        now, before = self._now(), self._told.get(who)
        if before is not None and now - before < _MINUTE:
            return False
        self._told[who] = now
        _bound(self._told)
        return True

    def _wait(self, who: str, a_minute: int) -> float:
        limit = self._limits.get(who)
        if limit is None:
            limit = self._limits[who] = RateLimit(a_minute)
            _bound(self._limits)
        self._limits.move_to_end(who)
        # Time in minutes: what is counted in a second is counted in one of these.
        return limit.wait_seconds(self._now() / _MINUTE) * _MINUTE


def _bound(known: OrderedDict[str, RateLimit] | OrderedDict[str, float]) -> None:
    if len(known) > _MOST_KNOWN:
        known.popitem(last=False)

"""What an app takes of its limits on egress, and what is counted of it by host until it is told."""

import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bailiwick.core.clock import Clock
from bailiwick.core.guardrails import EgressRails
from bailiwick.core.messages import EgressSeen
from bailiwick.dataplane.gateways.egress.connection import Opened
from bailiwick.dataplane.guard import RateLimit

WITHIN_LIMITS = ("egress-limits",)
_MEGABYTE = 1_000_000
_MOST_HOSTS = 300
_MOST_PEOPLE = 50
_OTHERS = "others"


@dataclass
class _Counts:
    """One host over one period."""

    protocol: str
    connections: int = 0
    requests: int = 0
    sent: int = 0
    received: int = 0
    refused: int = 0
    reason: str = ""
    last: datetime | None = None
    people: Counter[str] = field(default_factory=Counter)


class Meter:
    """One app in one mode. `rails` returns its limits as they are now.

    Bytes are taken after they passed: who has taken too many waits, and whoever has had the day's share is cut.
    """

    def __init__(self, rails: Callable[[], EgressRails], clock: Clock) -> None:
        self._rails = rails
        self._clock = clock
        self._beginning = RateLimit(1.0)
        self._passing = RateLimit(1.0)
        self._counts: dict[str, _Counts] = {}
        self.open = 0
        self.day = ""
        self.bytes_of_day = 0

    @property
    def rails(self) -> EgressRails:
        """The limits as they are now."""
        return self._rails()

    def refuses(self) -> str:
        """Take one connection, which is counted as open; return why there may be none now, empty when there may."""
        rails = self._rails()
        self._turn_day()
        if self.bytes_of_day >= rails.megabytes_per_day * _MEGABYTE:
            return f"the app has had the {rails.megabytes_per_day:,} MB that it may pass in a day"
        if self.open > rails.open_connections:
            return f"the app has {rails.open_connections} connections open, which is as many as it may"
        self._beginning.per_second = rails.connections_per_second
        if self._beginning.wait_seconds(time.monotonic()) > 0:
            return f"the app begins more than {rails.connections_per_second:g} connections a second"
        return ""

    def paced(self, count: int) -> float:
        """Take bytes that passed; return how many seconds to wait before more do, infinity for not at all today."""
        rails = self._rails()
        self._turn_day()
        self.bytes_of_day += count
        if self.bytes_of_day >= rails.megabytes_per_day * _MEGABYTE:
            return math.inf
        self._passing.per_second = rails.megabytes_per_second * _MEGABYTE
        return self._passing.spend(time.monotonic(), count)

    def ended(self, outcome: Opened) -> None:
        """Count a connection that is over, or was none."""
        counts = self._of(outcome.target.address, outcome.target.protocol)
        counts.connections += 1
        counts.requests += outcome.requests
        counts.sent += outcome.sent
        counts.received += outcome.received
        counts.people.update(outcome.people)
        if outcome.refused:
            counts.refused += 1
            counts.reason = outcome.refused[:300]

    def refused_name(self, name: str, words: str) -> None:
        """Count a name that was asked for and is not declared."""
        counts = self._of(name, "")
        counts.refused += 1
        counts.reason = words[:300]

    def take(self) -> tuple[EgressSeen, ...]:
        """Return what was counted since the last time, by host."""
        taken, self._counts = self._counts, {}
        return tuple(
            EgressSeen(
                address=address,
                protocol=item.protocol,
                connections=item.connections,
                requests=item.requests,
                sent=item.sent,
                received=item.received,
                refused=item.refused,
                reason=item.reason,
                last=item.last or self._clock(),
                people=dict(item.people.most_common(_MOST_PEOPLE)),
            )
            for address, item in taken.items()
        )

    def _of(self, address: str, protocol: str) -> _Counts:
        if address not in self._counts and len(self._counts) >= _MOST_HOSTS:
            address, protocol = _OTHERS, ""
        counts = self._counts.setdefault(address[:300], _Counts(protocol))
        counts.last = self._clock()
        return counts

    def _turn_day(self) -> None:
        day = self._clock().date().isoformat()
        if day != self.day:
            self.day, self.bytes_of_day = day, 0

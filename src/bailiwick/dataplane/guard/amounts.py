"""Amounts in a window: tokens, money, rows, bytes and refusals, of an app, an integration or a tenant."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bailiwick.dataplane.guard.trips import Trip

Amount = Literal["tokens", "spend", "rows", "bytes_out", "refused_egress", "refused_grants"]
_BUCKETS = 60
_WORDS: Mapping[Amount, str] = {
    "tokens": "tokens went to and came from models",
    "spend": "was spent on models",
    "rows": "rows were read or written",
    "bytes_out": "bytes went out",
    "refused_egress": "connections to the outside were refused",
    "refused_grants": "statements and calls were refused",
}
# What looks like data that leaves, or like somebody who tries doors.
SECURITY: frozenset[Amount] = frozenset({"rows", "bytes_out", "refused_egress", "refused_grants"})


@dataclass
class WindowSum:
    """A sum over the last seconds, in sixty buckets: it is right to a sixtieth of the window."""

    seconds: float
    total: float = 0.0
    _buckets: deque[tuple[int, float]] = field(default_factory=deque)

    def add(self, now: float, amount: float) -> float:
        """Add an amount; return the sum."""
        number = int(now * _BUCKETS / self.seconds)
        if self._buckets and self._buckets[-1][0] == number:
            self._buckets[-1] = (number, self._buckets[-1][1] + amount)
        else:
            self._buckets.append((number, amount))
        self.total += amount
        while self._buckets[0][0] <= number - _BUCKETS:
            self.total -= self._buckets.popleft()[1]
        return self.total


@dataclass
class Amounts:
    """What one app, integration or tenant used lately; `of` names it in words."""

    of: str
    _sums: dict[Amount, WindowSum] = field(default_factory=dict)

    def add(self, kind: Amount, now: float, amount: float, limit: float, seconds: float) -> Trip | None:
        """Add an amount; return that it is more than the limit in the window, or None. A limit of 0 is none."""
        if limit <= 0:
            self._sums.pop(kind, None)
            return None
        held = self._sums.get(kind)
        if held is None or held.seconds != seconds:
            held = self._sums[kind] = WindowSum(seconds)
        total = held.add(now, amount)
        if total <= limit:
            return None
        # What was counted is told: whoever brings it back begins anew.
        del self._sums[kind]
        return Trip(
            kind.replace("_", "-"),
            f"{total:,.6g} {_WORDS[kind]} within {seconds:g} s by {self.of}; {limit:,.6g} may",
            {kind: round(total, 6), "limit": limit, "window_seconds": seconds},
            security=kind in SECURITY,
        )

    def start_afresh(self) -> None:
        """Forget what was counted."""
        self._sums.clear()

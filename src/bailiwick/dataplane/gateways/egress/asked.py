"""Requests to a host that are made for somebody's, until the host begins to answer: each is part of a trace."""

import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})[ \r]")
_MOST_WAITING = 100


@dataclass(frozen=True, slots=True)
class Answered:
    """A request to a host: in which trace, for whom, and how long the first word of its answer took; 0 for none."""

    trace: str
    person: str
    method: str
    seconds: float
    status: int


def untold(_: Answered) -> None:
    """Tell nobody."""


@dataclass
class Asked:
    """Those of one connection, which are answered in their order; `told` hears of each."""

    told: Callable[[Answered], None] = untold
    _waiting: deque[tuple[str, str, str, float]] = field(default_factory=lambda: deque(maxlen=_MOST_WAITING))

    def begin(self, trace: str, person: str, method: str) -> None:
        """Note a request that passes."""
        self._waiting.append((trace, person, method, time.monotonic()))

    def answer(self, data: bytes) -> None:
        """Note what the host sends: the first of it is the answer to the request that waits longest."""
        if self._waiting:
            found = _STATUS.match(data)
            self._end(int(found[1]) if found is not None else 0)

    def close(self) -> None:
        """Note that nothing more is answered."""
        while self._waiting:
            self._end(0)

    def _end(self, status: int) -> None:
        trace, person, method, began = self._waiting.popleft()
        self.told(Answered(trace, person, method, time.monotonic() - began, status))

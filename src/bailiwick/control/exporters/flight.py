"""What was sent and has not settled yet: kept in memory, so that after a fall it is sent again."""

from collections import deque


class Flight:
    """The places between what the receiver surely has and what was sent last. Times are seconds that only rise."""

    def __init__(self, settle_seconds: float) -> None:
        """Start on the ground; what is sent settles after `settle_seconds`, at once for 0."""
        self._settle_seconds = settle_seconds
        self._sent: deque[tuple[float, int, int]] = deque()

    @property
    def in_the_air(self) -> bool:
        """Tell whether something was sent that has not settled."""
        return bool(self._sent)

    def position(self, settled: int) -> int:
        """Return the place to go on from; `settled` is where the receiver surely has everything before."""
        return self._sent[-1][1] if self._sent else settled

    def send(self, end: int, count: int, now: float) -> None:
        """Take note that `count` events were sent, and with them everything before place `end`."""
        self._sent.append((now, end, count))

    def settle(self, now: float) -> tuple[int, int] | None:
        """Return up to where what was sent has settled, and how many events settled now; None when nothing did."""
        end, count = None, 0
        while self._sent and now - self._sent[0][0] >= self._settle_seconds:
            _, end, events = self._sent.popleft()
            count += events
        return None if end is None else (end, count)

    def fall(self) -> None:
        """Forget what was sent: it may be lost, and is to be sent again."""
        self._sent.clear()

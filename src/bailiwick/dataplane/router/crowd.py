"""How many connections there may be, of one address and of all: whoever opens thousands takes none from others."""

import resource
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

_SHARE_OF_FILES = 0.5


class Crowd:
    """Counts connections. An address has at most `most_each`, all together `most`."""

    def __init__(self, most: int = 10_000, most_each: int = 1000) -> None:
        """Take the limits; of the process's open files, half at most are connections of browsers."""
        self.most = min(most, int(resource.getrlimit(resource.RLIMIT_NOFILE)[0] * _SHARE_OF_FILES))
        self.most_each = most_each
        self._of: Counter[str] = Counter()
        self._all = 0

    def arrive(self) -> bool:
        """Take a place among all, unless there is none."""
        if self._all >= self.most:
            return False
        self._all += 1
        return True

    def leave(self) -> None:
        """Give the place back."""
        self._all -= 1

    @contextmanager
    def place(self, address: str) -> Iterator[bool]:
        """Hold one of an address's places; what comes back is whether it has one."""
        if self._of[address] >= self.most_each:
            yield False
            return
        self._of[address] += 1
        try:
            yield True
        finally:
            self._of[address] -= 1
            if not self._of[address]:
                del self._of[address]

    @property
    def is_empty(self) -> bool:
        """Whether nobody is connected."""
        return not self._all and not self._of

"""What is usual at a time of the day or of the week: a value, and how far it is usually off, for each part of it."""

from bailiwick.core.anomalies.tails import Tails

# How much of what is usual a cycle replaces, how fast the level of the whole series is followed, and its errors.
_NEWEST, _LEVEL, _WIDTH = 0.25, 1 / 100, 0.05
_FEW_VISITS, _MANY_VISITS, _OUTLIER = 3, 20, 5.0
UNKNOWN = 1.0


class Season:
    """A cycle in equal parts. Values are held against its part's, moved by how far off the last ones were in common."""

    __slots__ = ("_part", "error", "known", "length", "level", "middles", "rate", "tails", "visits", "widths")

    def __init__(self, length: int, parts: int, settling: float) -> None:
        self.length = float(length)
        self._part = length / parts
        self.middles = [0.0] * parts
        self.widths = [0.0] * parts
        self.visits = [0.0] * parts
        self.level = 0.0
        self.error = 0.0
        self.known = 0.0
        self.rate = _NEWEST
        self.tails = Tails(settling)

    def began(self, step: float, scale: float) -> None:
        """Say how many seconds lie between values and how far they usually lie apart."""
        self.rate = _NEWEST / max(1.0, self._part / step)
        self.tails.began(scale)

    def surprise(self, at: float, value: float) -> float:
        """Return how rare the value is for its time, then learn it."""
        part = int(at % self.length / self._part)
        visits = self.visits[part]
        off = value - self.middles[part]
        if visits < 1:
            self.middles[part] = value
            self.visits[part] = 1.0
            self.known = 0.0
            return UNKNOWN
        self.known = 1.0
        tails = self.tails
        usual = scale = tails.scale
        width = self.widths[part]
        if visits > _FEW_VISITS:
            scale = (width + usual) / 2
        error = self.error = off - self.level
        found = tails.surprise(error, scale)
        self.level += _LEVEL * error
        rate = 1 / (visits + 1)
        self.middles[part] += (rate if rate > self.rate else self.rate) * off
        size = error if error >= 0 else -error
        size = min(size, _OUTLIER * usual)
        self.widths[part] = width + (1 / visits if visits < _MANY_VISITS else _WIDTH) * (size - width)
        self.visits[part] = visits + 1
        return found

    def usual(self, at: float) -> float | None:
        """Return what would be usual at a time, or nothing if no value came at that time of the cycle yet."""
        part = int(at % self.length / self._part)
        return self.middles[part] + self.level if self.visits[part] else None

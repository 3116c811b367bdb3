"""A detector's state as bytes and back, exactly: what goes on from saved state gives the same scores."""

import zlib
from array import array
from sys import byteorder

from bailiwick.core.anomalies.detector import NUMBERS, TAILS, WARM_UP, Detector
from bailiwick.core.anomalies.seasons import Season
from bailiwick.core.anomalies.tails import BINS, Tails

_FORM = 1
_OF_TAILS = ("weight", "settling", "scale", "floor")
_OF_SEASON = ("level", "error", "known", "rate")
_LARGEST_STATE = 200_000


class UnknownStateError(ValueError):
    """These bytes are no state of a detector, or of another version of it."""


def save(detector: Detector) -> bytes:
    """Return everything that the detector knows."""
    warming = [number for pair in detector.warming or () for number in pair]
    numbers = [float(len(warming)) if detector.warming is not None else -1.0, *warming]
    numbers += [getattr(detector, name) for name in NUMBERS]
    for name in TAILS:
        numbers += _of_tails(getattr(detector, name))
    for season in (detector.day, detector.week):
        numbers += [getattr(season, name) for name in _OF_SEASON]
        numbers += [*season.middles, *season.widths, *season.visits, *_of_tails(season.tails)]
    return bytes([_FORM]) + zlib.compress(_as_bytes(numbers), 1)


def load(saved: bytes) -> Detector:
    """Return the detector that was saved; raise `UnknownStateError` for anything else."""
    numbers = _Numbers(_floats(saved))
    detector = Detector()
    pending = int(numbers.take(1)[0])
    if not -1 <= pending <= 2 * WARM_UP:
        raise UnknownStateError
    pairs = numbers.take(max(pending, 0))
    detector.warming = list(zip(pairs[::2], pairs[1::2], strict=True)) if pending >= 0 else None
    for name in NUMBERS:
        setattr(detector, name, numbers.take(1)[0])
    for name in TAILS:
        _into_tails(getattr(detector, name), numbers)
    for season in (detector.day, detector.week):
        _into_season(season, numbers)
    if numbers.left:
        raise UnknownStateError
    return detector


def _of_tails(tails: Tails) -> list[float]:
    return [*(getattr(tails, name) for name in _OF_TAILS), *tails.counts, *tails.rarities]


def _into_tails(tails: Tails, numbers: "_Numbers") -> None:
    for name in _OF_TAILS:
        setattr(tails, name, numbers.take(1)[0])
    tails.counts, tails.rarities = numbers.take(BINS), numbers.take(BINS)


def _into_season(season: Season, numbers: "_Numbers") -> None:
    parts = len(season.middles)
    for name in _OF_SEASON:
        setattr(season, name, numbers.take(1)[0])
    season.middles, season.widths, season.visits = (numbers.take(parts) for _ in range(3))
    _into_tails(season.tails, numbers)


def _as_bytes(numbers: list[float]) -> bytes:
    packed = array("d", numbers)
    if byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def _floats(saved: bytes) -> list[float]:
    if saved[:1] != bytes([_FORM]):
        raise UnknownStateError
    packed = array("d")
    try:
        packed.frombytes(zlib.decompressobj().decompress(saved[1:], _LARGEST_STATE))
    except (zlib.error, ValueError) as fault:
        raise UnknownStateError from fault
    if byteorder == "big":
        packed.byteswap()
    return packed.tolist()


class _Numbers:
    """Numbers that are taken one after another."""

    def __init__(self, numbers: list[float]) -> None:
        self._numbers, self._place = numbers, 0

    def take(self, count: int) -> list[float]:
        taken = self._numbers[self._place : self._place + count]
        if len(taken) != count:
            raise UnknownStateError
        self._place += count
        return taken

    @property
    def left(self) -> int:
        return len(self._numbers) - self._place

"""Opened tenant keys, for a stated time: so long does everything go on after the company's key was taken away."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bailiwick.control.vault.keys import Wrapped

CACHE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class _Kept:
    cipher: AESGCM
    ends: float


class KeyCache:
    """Ciphers by the wrapped key that they were opened from; what has ended is dropped, also when nobody asks.

    A cipher holds its key in OpenSSL's memory, which overwrites it when the last one who uses it is done. The bytes
    that a provider handed over are dropped at once; Python does not promise that it overwrites them.
    """

    def __init__(self, seconds: float = CACHE_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._kept: dict[Wrapped, _Kept] = {}
        self._lock = threading.Lock()
        self._sweeper: threading.Timer | None = None

    def __repr__(self) -> str:
        return f"KeyCache({len(self._kept)} keys, {self.seconds:.0f} s)"

    def __len__(self) -> int:
        return len(self._kept)

    def cipher(self, wrapped: Wrapped, unwrap: Callable[[Wrapped], bytes]) -> AESGCM:
        """Return the cipher of a wrapped key, opened by `unwrap` unless it was lately; what that raises is raised."""
        kept = self._kept.get(wrapped)
        if kept is not None and self._clock() < kept.ends:
            return kept.cipher
        begun = self._clock()
        cipher = AESGCM(unwrap(wrapped))
        if self.seconds > 0:
            with self._lock:
                self._kept[wrapped] = _Kept(cipher, begun + self.seconds)
                self._sweep_later()
        return cipher

    def clear(self) -> None:
        """Drop every key now."""
        with self._lock:
            self._kept.clear()

    def _sweep(self) -> None:
        with self._lock:
            self._sweeper = None
            now = self._clock()
            self._kept = {wrapped: kept for wrapped, kept in self._kept.items() if now < kept.ends}
            if self._kept:
                self._sweep_later()

    def _sweep_later(self) -> None:
        """Come back when the first of them ends; called with the lock held."""
        if self._sweeper is None:
            wait = min(kept.ends for kept in self._kept.values()) - self._clock()
            self._sweeper = threading.Timer(max(wait, 0.01), self._sweep)
            self._sweeper.daemon = True
            self._sweeper.start()

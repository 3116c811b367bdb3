"""Identifiers: short, unguessable, sortable by time, and prefixed with what they name."""

import os
import secrets
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
# Ten bits at a time: every audit event has an id.
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_TIME_CHARS = 10
_RANDOM_CHARS = 16
_DRAWN_BYTES = 4096


class _Drawn(threading.local):
    """Random bytes of the operating system, each thread's own, drawn many at a time: to ask for few costs as much."""

    def __init__(self) -> None:
        self._bytes, self._used = b"", 0

    def forget(self) -> None:
        """Use nothing more of what was drawn: another process has it too."""
        self._bytes, self._used = b"", 0

    def hex(self, count: int) -> str:
        """Return so many bytes, each of which is given once, as hex digits that are not all zero."""
        if self._used + count > len(self._bytes):
            self._bytes, self._used = os.urandom(_DRAWN_BYTES), 0
        begin, self._used = self._used, self._used + count
        digits = self._bytes[begin : self._used].hex()
        return digits if digits.strip("0") else self.hex(count)


_DRAWN = _Drawn()
os.register_at_fork(after_in_child=_DRAWN.forget)


def _base32(number: int, length: int) -> str:
    return "".join([_PAIRS[(number >> bits) & 1023] for bits in range(5 * (length - 2), -1, -10)])


def new_id(prefix: str) -> str:
    """Return an id such as `rel_06f3k9…`: 48 bits of milliseconds, then 80 random bits (Crockford base 32, as ULID)."""
    return f"{prefix}_{_base32(time.time_ns() // 1_000_000, _TIME_CHARS)}{_base32(secrets.randbits(80), _RANDOM_CHARS)}"


def new_secret(prefix: str) -> str:
    """Return a bearer secret of 256 random bits; the prefix lets secret scanners and people recognise it."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def new_trace_id() -> str:
    """Return a W3C trace id: 32 lower-case hex digits, never all zero (https://www.w3.org/TR/trace-context/)."""
    return _DRAWN.hex(16)


def new_span_id() -> str:
    """Return a W3C parent id: 16 lower-case hex digits, never all zero."""
    return _DRAWN.hex(8)

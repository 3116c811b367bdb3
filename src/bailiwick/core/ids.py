"""Identifiers: short, unguessable, sortable by time, and prefixed with what they name."""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
# Ten bits at a time: every audit event has an id.
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_TIME_CHARS = 10
_RANDOM_CHARS = 16


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
    return f"{secrets.randbits(128) or 1:032x}"


def new_span_id() -> str:
    """Return a W3C parent id: 16 lower-case hex digits, never all zero."""
    return f"{secrets.randbits(64) or 1:016x}"

"""What a service says about being called less: until when its calls are held."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
_TOO_MANY, _UNAVAILABLE, _FORBIDDEN = 429, 503, 403
# Resets are written as seconds from now or since 1970; no hold is as long as this.
_A_DATE_FROM = 1_000_000_000
_REMAINING = ("x-ratelimit-remaining", "ratelimit-remaining", "x-rate-limit-remaining")
_RESET = ("x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset")


def hold_seconds(status: int, headers: Iterable[tuple[bytes, bytes]], now: datetime) -> float:
    """Return for how long a service asks to be left alone, 0 when it does not.

    That is Retry-After (RFC 9110 section 10.2.3) of an answer 429 or 503, or where a limit is used up (429, or 403 as
    some have it) the time of its reset.
    """
    if status not in {_TOO_MANY, _UNAVAILABLE, _FORBIDDEN}:
        return 0.0
    said = {name.decode("latin-1").lower(): value.decode("latin-1").strip() for name, value in headers}
    if status != _FORBIDDEN and "retry-after" in said:
        return _seconds(said["retry-after"], now)
    if status != _UNAVAILABLE and any(said.get(name) == "0" for name in _REMAINING):
        return next((_seconds(said[name], now) for name in _RESET if name in said), 0.0)
    return 0.0


def _seconds(written: str, now: datetime) -> float:
    if not _NUMBER.fullmatch(written):
        return _until_date(written, now)
    number = float(written)
    return max(0.0, number - now.timestamp()) if number >= _A_DATE_FROM else number


def _until_date(written: str, now: datetime) -> float:
    try:
        when = parsedate_to_datetime(written)
    except ValueError:
        return 0.0
    return max(0.0, ((when if when.tzinfo else when.replace(tzinfo=UTC)) - now).total_seconds())

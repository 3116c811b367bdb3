"""Limits of integrations in words, for the console and the command line: what holds, and how near planes came to it."""

from collections.abc import Iterator

from bailiwick.core.messages import IntegrationLimits, Limit, LimitSeen, LimitsReport

_SCOPES = {"everybody": "all apps together", "app": "each app", "person": "each person"}
_KINDS = {
    "rate": "for their rate",
    "at-once": "for calls at once",
    "queue": "because too many waited",
    "breaker": "while it was left alone",
    "held": "because it asked for a pause",
}
_BREAKERS = {"closed": "answers", "open": "is left alone, it fails", "half-open": "is tried again"}


def limit_words(limits: IntegrationLimits) -> Iterator[str]:
    """Yield what holds, a line each."""
    scopes = (("everybody", limits.everybody), ("app", limits.app), ("person", limits.person))
    yield from (f"{_SCOPES[scope]}: {_limit(limit)}" for scope, limit in scopes)
    yield (
        f"what does not fit waits {limits.wait_seconds:g} s at most, calls that people wait for first; "
        f"{limits.reserve:.0%} of the first limit is kept for them"
    )
    repeats, breaker = limits.repeats, limits.breaker
    yield f"calls that can do nothing twice are made again {repeats.most} times at most, {repeats.share:.0%} of all"
    yield (
        f"left alone for {breaker.open_seconds:g} s after {breaker.failures} failures in a row, or "
        f"{breaker.share:.0%} of at least {breaker.calls} calls in 30 s"
    )


def pressure_words(plane: str, report: LimitsReport) -> Iterator[str]:
    """Yield what a plane told of an integration, a line each."""
    counts = f"{report.calls} calls, {report.waited} waited, {report.repeated} made again"
    why = f" ({report.breaker_words})" if report.breaker_words else ""
    held = f"; held until {report.held_until:%H:%M:%S} UTC, as it asked" if report.held_until is not None else ""
    yield f"{plane}: {_BREAKERS[report.breaker]}{why}{held}; {counts} in {report.seconds:.0f} s"
    yield from (f"{plane}: {nearest_words(seen)}" for seen in report.nearest)
    yield from (
        f"{plane}: {count} refused {_KINDS.get(kind, kind)}" for kind, count in sorted(report.refused.items()) if count
    )
    if report.shared:
        yield f"{plane}: rates are {report.shared}"


def nearest_words(seen: LimitSeen) -> str:
    """Return how near something came to a limit."""
    who = f" ({seen.who})" if seen.who else ""
    what = "of the burst of" if seen.kind == "rate" else "of"
    return f"{_SCOPES[seen.scope]}{who}: {min(seen.share, 1):.0%} {what} {seen.limit}"


def _limit(limit: Limit) -> str:
    at_once = f"{limit.at_once} at once"
    return f"{at_once}, {limit.rate.words}, {limit.rate.most_at_once} in a burst" if limit.rate else at_once

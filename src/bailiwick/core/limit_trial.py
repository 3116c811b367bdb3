"""What other limits of an integration would have done to calls that were made, by the gate's own arithmetic.

Only rates are tried: how many calls were under way at once is not known afterwards.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from bailiwick.core.messages import IntegrationLimits
from bailiwick.core.meters import Meter

_MOST_METERS = 20_000


@dataclass(frozen=True, slots=True)
class Call:
    """A call: when, through which app, whose, and whether a person waited for it."""

    at: float
    app: str
    person: str
    waited_for: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """How many calls of one app or person, or of everybody together, would have been refused by their limit."""

    scope: str
    who: str
    calls: int


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What would have become of calls: let through at once, after waiting, or refused."""

    calls: int
    waited: int
    refused: int
    longest_wait_seconds: float
    by: tuple[Refused, ...]


def try_limits(calls: Iterable[Call], limits: IntegrationLimits) -> TrialResult:
    """Return what these limits would have done to calls, which come in the order of their times."""
    meters: dict[tuple[str, str], Meter] = {}
    refused: Counter[tuple[str, str]] = Counter()
    number = waited = 0
    longest = 0.0
    for call in calls:
        number += 1
        held = _held(call, limits, meters)
        wait, worst = max(((meter.wait_seconds(call.at, 1, share), key) for key, meter, share in held),
                          default=(0.0, ("", "")))  # fmt: skip
        if wait > limits.wait_seconds:
            refused[worst] += 1
            continue
        waited += wait > 0
        longest = max(longest, wait)
        for _, meter, _ in held:
            meter.take(call.at)
    by = tuple(Refused(scope, who, count) for (scope, who), count in refused.most_common(50))
    return TrialResult(number, waited, sum(refused.values()), round(longest, 3), by)


def _held(
    call: Call, limits: IntegrationLimits, meters: dict[tuple[str, str], Meter]
) -> list[tuple[tuple[str, str], Meter, float]]:
    """Return the meters that hold for a call, and which share of each it may use."""
    share = 1.0 if call.waited_for else 1.0 - limits.reserve
    scopes = (("everybody", "", limits.everybody, share), ("app", call.app, limits.app, 1.0),
              ("person", call.person, limits.person, 1.0))  # fmt: skip
    held = []
    for scope, who, limit, its_share in scopes:
        if limit.rate is None or (scope == "person" and not who):
            continue
        key = (scope, who)
        if key not in meters:
            if len(meters) >= _MOST_METERS:
                _forget_idle(meters, call.at)
            meters[key] = Meter(limit.rate)
        held.append((key, meters[key], its_share))
    return held


def _forget_idle(meters: dict[tuple[str, str], Meter], now: float) -> None:
    for key in [key for key, meter in meters.items() if meter.is_idle(now)]:
        del meters[key]

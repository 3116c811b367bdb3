"""Who has a place at an integration now, and how fast each goes: what stands in the way of one more call, if anything.

Everything here is counted at this plane, without waiting.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bailiwick.core.messages import IntegrationLimits, Limit, LimitSeen, Rate
from bailiwick.core.messages.limits import LimitKind, Scope
from bailiwick.core.meters import Meter
from bailiwick.core.principals import Identity

_MOST_METERS = 5000
Key = tuple[Scope, str]


@dataclass(frozen=True, slots=True)
class Who:
    """For whom a call is made. Where a person waits for it, it goes before what apps, jobs and agents do."""

    app: str
    person: str
    waited_for: bool

    @classmethod
    def of(cls, app: str, identity: Identity) -> "Who":
        """Read an identity: an agent that works for somebody counts as theirs."""
        person = identity.behalf or (identity if identity.is_person else None)
        return cls(app, str(person.principal) if person is not None else "", identity.is_person)

    @property
    def scopes(self) -> tuple[Key, ...]:
        """Whose limits hold for it."""
        own: tuple[Key, ...] = (("everybody", ""), ("app", self.app))
        return (*own, ("person", self.person)) if self.person else own


@dataclass(frozen=True, slots=True)
class Blocked:
    """What stands in the way of a call, and for how long at least; 0 where nobody knows."""

    kind: str
    scope: str
    words: str
    seconds: float = 0.0


@dataclass(slots=True)
class Places:
    """The places of one integration. `limits` may be replaced at any time."""

    limits: IntegrationLimits
    _taken: Counter[Key] = field(default_factory=Counter)
    _meters: dict[Key, Meter] = field(default_factory=dict)
    _nearest: dict[tuple[Scope, LimitKind], LimitSeen] = field(default_factory=dict)

    def blocked(self, who: Who, cost: int, now: float) -> Blocked | None:
        """Return what stands in the way of a call, None when nothing does."""
        found: Blocked | None = None
        for key, limit, share in self.scopes(who):
            if self._taken[key] >= places_of(limit, share):
                return Blocked("at-once", key[0], f"{whose(key)} {limit.at_once} calls at once are under way")
            if limit.rate is not None:
                wait = self._meter(key, limit.rate, now).wait_seconds(now, cost, share)
                if wait > 0 and (found is None or wait > found.seconds):
                    found = Blocked("rate", key[0], f"{whose(key)} rate of {limit.rate.words} is used up", wait)
        return found

    def take(self, who: Who, cost: int, now: float) -> None:
        """Take a place, and count the calls."""
        for key, limit, _ in self.scopes(who):
            self._taken[key] += 1
            self._see(key, "at-once", f"{limit.at_once} at once", self._taken[key] / limit.at_once)
            if limit.rate is not None:
                meter = self._meter(key, limit.rate, now)
                meter.take(now, cost)
                self._see(key, "rate", limit.rate.words, meter.used(now))

    def leave(self, who: Who) -> None:
        """Give a place back."""
        for key in who.scopes:
            self._taken[key] -= 1
            if self._taken[key] <= 0:
                del self._taken[key]

    def note_others(self, who: Who, taken: Iterable[int]) -> None:
        """Note how many places are taken at all planes together."""
        for (key, limit, _), count in zip(self.scopes(who), taken, strict=False):
            self._see(key, "at-once", f"{limit.at_once} at once", count / limit.at_once)

    def take_nearest(self) -> tuple[LimitSeen, ...]:
        """Return how near each limit was come to since the last time."""
        found, self._nearest = tuple(self._nearest.values()), {}
        return found

    def scopes(self, who: Who) -> Iterator[tuple[Key, Limit, float]]:
        """Return whose limits hold for a call, and which share of each it may use."""
        limits: dict[Scope, Limit] = {
            "everybody": self.limits.everybody,
            "app": self.limits.app,
            "person": self.limits.person,
        }
        for key in who.scopes:
            kept = key[0] == "everybody" and not who.waited_for
            yield key, limits[key[0]], 1.0 - self.limits.reserve if kept else 1.0

    def _meter(self, key: Key, rate: Rate, now: float) -> Meter:
        meter = self._meters.get(key)
        # What was counted against another rate says nothing of this one.
        if meter is None or meter.rate != rate:
            if len(self._meters) >= _MOST_METERS:
                self._meters = {key: meter for key, meter in self._meters.items() if not meter.is_idle(now)}
            meter = self._meters[key] = Meter(rate)
        return meter

    def _see(self, key: Key, kind: LimitKind, limit: str, share: float) -> None:
        scope, who = key
        known = self._nearest.get((scope, kind))
        if known is None or share > known.share:
            self._nearest[scope, kind] = LimitSeen.model_construct(
                scope=scope, kind=kind, limit=limit, share=round(share, 3), who=who
            )


def places_of(limit: Limit, share: float) -> int:
    """Return how many calls at once somebody may have who has a share of the limit."""
    return max(1, int(limit.at_once * share))


def whose(key: Key) -> str:
    """Return whose limit a key is of, as people say it."""
    scope, who = key
    app = f"{who}'s" if ":" in who else f"the app {who}'s"
    return {"everybody": "everybody's", "app": app, "person": f"{who}'s"}[scope]

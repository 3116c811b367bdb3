"""The gate of one integration: each call takes a place before it begins, or waits for one, people's calls first."""

import asyncio
import bisect
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bailiwick.core.messages import BreakerState, IntegrationLimits, LimitsReport
from bailiwick.dataplane.gateways.limits.breaker import CircuitBreaker
from bailiwick.dataplane.gateways.limits.budget import RepeatBudget
from bailiwick.dataplane.gateways.limits.errors import LimitedError
from bailiwick.dataplane.gateways.limits.leases import Lease
from bailiwick.dataplane.gateways.limits.places import Blocked, Places, Who
from bailiwick.dataplane.gateways.limits.shared import SharedCounter
from bailiwick.dataplane.gateways.limits.together import Together

_MOST_WAITING, _MOST_WAITING_OF_AN_APP = 500, 100
_LONGEST_HOLD_SECONDS = 300.0
_SOON_SECONDS = 1.0


@dataclass(eq=False, slots=True)
class _Waiter:
    order: tuple[int, int]
    who: Who
    cost: int
    begun: asyncio.Future[None]


@dataclass(slots=True)
class _Counts:
    since: float
    calls: int = 0
    waited: int = 0
    repeated: int = 0
    refused: Counter[str] = field(default_factory=Counter)


class Place:
    """A place at an integration, until it is left."""

    def __init__(self, gate: "Gate", who: Who, lease: Lease | None) -> None:
        self._gate: Gate | None = gate
        self._who = who
        self._lease = lease

    def leave(self) -> None:
        """Give it back; a second time does nothing."""
        gate, self._gate = self._gate, None
        if gate is not None:
            gate.left(self._who, self._lease)


class Attempt:
    """One try at reaching the system. What becomes of it is told to the breaker, once."""

    def __init__(self, breaker: CircuitBreaker) -> None:
        self._breaker: CircuitBreaker | None = breaker
        self._tried = breaker.begin()

    def answered(self) -> None:
        """The system answered."""
        if (breaker := self._take()) is not None:
            breaker.answered(time.monotonic(), tried=self._tried)

    def failed(self, words: str) -> None:
        """The system did not answer, or with a fault of its own."""
        if (breaker := self._take()) is not None:
            breaker.failed(time.monotonic(), words, tried=self._tried)

    def left(self) -> None:
        """It ended without saying anything of the system. After one of the others this does nothing."""
        if (breaker := self._take()) is not None:
            breaker.left(tried=self._tried)

    def _take(self) -> CircuitBreaker | None:
        breaker, self._breaker = self._breaker, None
        return breaker


class Gate:
    """What stands before one integration at this plane.

    `on_breaker` is told of each change of the breaker with its reason; `shared` counts with other planes.
    """

    def __init__(
        self,
        name: str,
        limits: IntegrationLimits,
        on_breaker: Callable[[BreakerState, str], None],
        shared: SharedCounter | None = None,
    ) -> None:
        self.name = name
        self._limits = limits
        self._places = Places(limits)
        self._breaker = CircuitBreaker(limits.breaker, on_breaker)
        self._budget = RepeatBudget()
        self._together = Together(name, self._places, shared, lambda one: self._refused(_limited(name, one)))
        self._waiting: list[_Waiter] = []
        self._numbers = 0
        self._timer: asyncio.TimerHandle | None = None
        self._held_until = 0.0
        self._counts = _Counts(time.monotonic())
        self._told: tuple[str, bool] = ("closed", False)

    @property
    def limits(self) -> IntegrationLimits:
        """What holds now."""
        return self._limits

    def use(self, limits: IntegrationLimits) -> None:
        """Have other limits hold from now on, for those who wait, too."""
        if limits != self._limits:
            self._limits = self._places.limits = limits
            self._breaker.rules = limits.breaker
            self._pump()

    # -- for calls -----------------------------------------------------------------------------------------------

    async def enter(self, who: Who, cost: int = 1) -> Place:
        """Take a place for `cost` calls, waiting for it when there is none; raise `LimitedError` when none comes."""
        over = time.monotonic() + self._limits.wait_seconds
        self._require_not_held(who)
        lease = await self._together.take(who, cost, over, self._require_room)
        try:
            await self._take_place(who, cost, over)
        except BaseException:
            self._together.leave(lease)
            raise
        self._counts.calls += 1
        self._budget.called(self._limits.repeats.share)
        return Place(self, who, lease)

    def require_up(self) -> None:
        """Raise `LimitedError` while the breaker is open, so that nobody waits for a place in vain."""
        wait = self._breaker.wait_seconds(time.monotonic())
        if wait > 0:
            words = f"{self.name} is left alone because it fails: {self._breaker.words}"
            raise self._refused(LimitedError("breaker", words, wait))

    def attempt(self) -> Attempt:
        """Begin a try at reaching the system; raise `LimitedError` while the breaker is open."""
        self.require_up()
        return Attempt(self._breaker)

    def may_repeat(self) -> bool:
        """Take one repeat of a call that can be made twice, when there is one."""
        return self._breaker.state == "closed" and self._repeat_taken()

    def note_broken(self, words: str) -> None:
        """Note an answer that began and broke off."""
        self._breaker.failed(time.monotonic(), words, tried=False)

    def hold(self, seconds: float) -> None:
        """Make no call for so long: the system asked for it (RFC 9110 section 10.2.3), five minutes at most."""
        self._held_until = max(self._held_until, time.monotonic() + min(seconds, _LONGEST_HOLD_SECONDS))

    def left(self, who: Who, lease: Lease | None = None) -> None:
        """Note that a place is free again."""
        self._together.leave(lease)
        self._places.leave(who)
        if self._waiting:
            self._pump()

    # -- for whoever reports -------------------------------------------------------------------------------------

    def report(self, clock: Callable[[], datetime]) -> LimitsReport | None:
        """Return what went through since the last time, None where there is nothing to tell."""
        counts, now = self._counts, time.monotonic()
        held = self._held_until - now
        standing = (self._breaker.state, held > 0)
        if not counts.calls and not counts.refused and standing == self._told:
            return None
        self._counts, self._told = _Counts(now), standing
        others_waited, self._together.waited = self._together.waited, 0
        return LimitsReport(
            integration=self.name,
            seconds=round(now - counts.since, 3),
            calls=counts.calls,
            waited=counts.waited + others_waited,
            repeated=counts.repeated,
            refused=dict(counts.refused),
            nearest=self._places.take_nearest(),
            breaker=self._breaker.state,
            breaker_words=self._breaker.words[:300],
            held_until=clock() + timedelta(seconds=held) if held > 0 else None,
            shared=self._together.words,
            time=clock(),
        )

    # -- inner steps ---------------------------------------------------------------------------------------------

    def _repeat_taken(self) -> bool:
        taken = self._budget.take(self._limits.repeats.share)
        self._counts.repeated += taken
        return taken

    def _require_not_held(self, who: Who) -> None:
        left = self._held_until - time.monotonic()
        if left > 0:
            words = f"{self.name} asked to be called no more for now"
            raise self._refused(LimitedError("held", words, left))
        waiting = sum(waiter.who.app == who.app for waiter in self._waiting) + self._together.standing[who.app]
        if waiting >= _MOST_WAITING_OF_AN_APP:
            raise self._refused(LimitedError("queue", f"too many calls of {who.app} wait already", _SOON_SECONDS))

    def _require_room(self, waiting: int) -> None:
        if waiting >= _MOST_WAITING:
            raise self._refused(LimitedError("queue", f"too many calls of {self.name} wait already", _SOON_SECONDS))

    async def _take_place(self, who: Who, cost: int, over: float) -> None:
        now = time.monotonic()
        blocked = self._places.blocked(who, cost, now)
        if blocked is None and not self._waiting:
            self._places.take(who, cost, now)
            return
        if blocked is not None and now + blocked.seconds >= over:
            raise self._refused(_limited(self.name, blocked))
        self._require_room(len(self._waiting))
        self._numbers += 1
        begun = asyncio.get_running_loop().create_future()
        waiter = _Waiter((not who.waited_for, self._numbers), who, cost, begun)
        bisect.insort(self._waiting, waiter, key=lambda one: one.order)
        self._pump()
        self._counts.waited += not begun.done()
        await self._wait(waiter, over, blocked)

    async def _wait(self, waiter: _Waiter, over: float, blocked: Blocked | None) -> None:
        try:
            if not waiter.begun.done():
                await asyncio.wait((waiter.begun,), timeout=max(0.0, over - time.monotonic()))
        except BaseException:
            if waiter.begun.done():
                self.left(waiter.who)
            else:
                self._waiting.remove(waiter)
            raise
        if waiter.begun.done():
            return
        self._waiting.remove(waiter)
        now = self._places.blocked(waiter.who, waiter.cost, time.monotonic()) or blocked
        # One that would fit by now was only behind others.
        raise self._refused(_limited(self.name, now or Blocked("queue", "everybody", "others wait before this call")))

    def _pump(self) -> None:
        """Let those in who fit, in order. Whom everybody's limit keeps out keeps those behind out, too."""
        now, soonest = time.monotonic(), float("inf")
        for waiter in list(self._waiting):
            blocked = self._places.blocked(waiter.who, waiter.cost, now)
            if blocked is None:
                self._places.take(waiter.who, waiter.cost, now)
                self._waiting.remove(waiter)
                waiter.begun.set_result(None)
                continue
            if blocked.seconds > 0:
                soonest = min(soonest, blocked.seconds)
            if blocked.scope == "everybody":
                break
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if soonest < float("inf"):
            self._timer = asyncio.get_running_loop().call_later(soonest + 0.001, self._pump)

    def _refused(self, fault: LimitedError) -> LimitedError:
        self._counts.refused[fault.kind] += 1
        return fault


def _limited(name: str, blocked: Blocked) -> LimitedError:
    seconds, of_person = max(blocked.seconds, _SOON_SECONDS), blocked.scope == "person"
    return LimitedError(blocked.kind, f"{name}: {blocked.words}", seconds, of_person=of_person)

"""Limits that several planes have together, counted in Redis or Valkey by the same rules as here in memory.

All scopes of a call are asked in one script, which takes a place and a call of each or of none, and says who goes
first; the server's own clock is used, so that clocks of planes may differ. When the server cannot be asked, calls are
counted at this plane only, which each plane does anyway: an outage of a cache must not stop the company, and the limits
of one plane still hold.
"""

import asyncio
import hashlib
import logging
import secrets
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from bailiwick.core.messages import Limit, Rate
from bailiwick.core.messages.limits import LimitKind
from bailiwick.dataplane.gateways.limits.leases import FAULTS, LEASE_SECONDS, Keeper, Lease
from bailiwick.dataplane.gateways.limits.places import Key, places_of
from bailiwick.dataplane.gateways.limits.scripts import TAKE

_LOG = logging.getLogger("bailiwick.plane.limits")
_ANSWER_SECONDS = 0.25
_LEFT_ALONE_SECONDS = 5.0
_MICROSECONDS = 1_000_000
# A call that waits asks again at this pace at least, and is forgotten when it does not.
_MOST_ASLEEP_SECONDS, _PATIENCE_SECONDS = 0.5, 2.0
_FIRST_ASKS_SECONDS = 0.01
# More calls than this wait here for a moment: one that found no connection would take the server for away.
_MOST_ASKING, _CONNECTIONS_OF_THE_KEEPER = 60, 4
_KINDS: dict[int, LimitKind] = {1: "at-once", 2: "rate"}


@dataclass(slots=True)
class Asked:
    """One call: what it takes, whether a person waits for it, and since when it stands in the queue there."""

    name: str
    lease: Lease
    scopes: tuple[tuple[Key, Limit, float], ...]
    cost: int
    first: bool
    waits: bool
    arrived: str = "0"

    @property
    def numbers(self) -> list[str | int]:
        """Return what the script is told of it."""
        told: list[str | int] = [self.lease.id, self.cost, int(not self.first), self.arrived]
        told += [round(LEASE_SECONDS * _MICROSECONDS), round(_PATIENCE_SECONDS * _MICROSECONDS) if self.waits else 0]
        for _, limit, share in self.scopes:
            interval = limit.rate.seconds / limit.rate.calls * _MICROSECONDS if limit.rate is not None else 0
            most = max(1, int(limit.rate.most_at_once * share)) if limit.rate is not None else 0
            told += [places_of(limit, share), round(interval), round(interval * most), most]
        return told


@dataclass(frozen=True, slots=True)
class Taken:
    """A place was taken; `places` says how many are, of each scope."""

    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Full:
    """What stands in the way at all planes together: how long it lasts at least, and when to ask again."""

    kind: LimitKind
    key: Key
    limit: Limit
    wait_seconds: float
    ask_seconds: float


class SharedCounter:
    """Counts at a server that other planes count at, too. `tenant` keeps tenants apart there."""

    def __init__(self, url: str, tenant: str) -> None:
        self._server = Redis.from_url(
            url,
            socket_timeout=_ANSWER_SECONDS,
            socket_connect_timeout=_ANSWER_SECONDS,
            max_connections=_MOST_ASKING + _CONNECTIONS_OF_THE_KEEPER,
            # A connection that the server closed is made anew once; what it does not answer is not asked again.
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        )
        self._asking = asyncio.Semaphore(_MOST_ASKING)
        self._take = self._server.register_script(TAKE)
        self._keeper = Keeper(self._server, self._answers, self._failed)
        self._tenant = tenant
        self._plane, self._numbers = secrets.token_hex(8), 0
        self._again = 0.0

    @property
    def words(self) -> str:
        """How calls are counted now."""
        return (
            "the shared counter does not answer: each plane counts alone"
            if self._again
            else "counted with other planes"
        )

    def asked(
        self, name: str, scopes: Sequence[tuple[Key, Limit, float]], cost: int, *, first: bool, waits: bool
    ) -> Asked:
        """Return what is asked for a call: `first` where a person waits for it, `waits` where it does itself."""
        self._numbers += 1
        sets = [self._sets(name, key) for key, _, _ in scopes]
        places, queues = tuple(one[0] for one in sets), tuple(key for one in sets for key in one[1:])
        return Asked(name, Lease(f"{self._plane}-{self._numbers}", places, queues), tuple(scopes), cost, first, waits)

    async def take(self, asked: Asked) -> Taken | Full | None:
        """Take a place and the calls, or stand in the queue; None while the server does not answer.

        But in the queue, the place is held from then on.
        """
        told: list[int] | None = None
        task = asyncio.current_task()
        cancelled = task.cancelling() if task is not None else 0
        asked.lease.stood = asked.waits
        try:
            if await self._answers():
                keys = [key for scope, limit, _ in asked.scopes for key in self._keys(asked.name, scope, limit.rate)]
                async with self._asking:
                    # It may have gone away while this call waited.
                    if not self._again:
                        told = await cast("Awaitable[list[int]]", self._take(keys=keys, args=asked.numbers))
        except FAULTS as fault:
            self._failed(fault)
        if task is not None and task.cancelling() > cancelled:
            # `asyncio.wait_for` of Python 3.11, which the client uses, may forget that somebody went away.
            raise asyncio.CancelledError
        # Not sooner: what is told of again counts as taken.
        if told is None or not told[0]:
            # Whoever has a place stands in no queue any more.
            asked.lease.stood = told is None
            self._keeper.hold(asked.lease)
            return Taken(tuple(told[1:])) if told is not None else None
        kind, which, wait, front, asked.arrived = told[0], told[1], told[2], told[3], str(int(told[4]))
        key, limit, _ = asked.scopes[which - 1]
        seconds = wait / _MICROSECONDS
        soon = min(_MOST_ASLEEP_SECONDS, max(seconds, _FIRST_ASKS_SECONDS * (1 + front)))
        return Full(_KINDS[kind], key, limit, seconds, soon)

    def leave(self, lease: Lease) -> None:
        """Give a place back, or the wait for one up."""
        self._keeper.leave(lease)

    async def close(self) -> None:
        """Give back what is held, and close the connections."""
        await self._keeper.close()
        await self._server.aclose()

    async def _answers(self) -> bool:
        """Whether the server is asked now. One that was away hears first what is held here."""
        if not self._again:
            return True
        if time.monotonic() < self._again:
            return False
        self._again = time.monotonic() + _LEFT_ALONE_SECONDS
        try:
            await self._keeper.renew()
        except FAULTS as fault:
            self._failed(fault)
            return False
        self._again = 0.0
        return True

    def _failed(self, fault: Exception) -> None:
        self._again = time.monotonic() + _LEFT_ALONE_SECONDS
        _LOG.warning("the shared counter of limits does not answer (%s)", type(fault).__name__)

    def _keys(self, name: str, key: Key, rate: Rate | None) -> tuple[str, str, str, str]:
        """Return the keys of a scope. What was counted against another rate says nothing of this one."""
        written = f"{rate.calls}-{rate.seconds:g}" if rate is not None else "none"
        return (*self._sets(name, key), self._key(name, key, written))

    def _sets(self, name: str, key: Key) -> tuple[str, str, str]:
        return self._key(name, key, "taken"), self._key(name, key, "queue"), self._key(name, key, "alive")

    def _key(self, name: str, key: Key, what: str) -> str:
        """Return a key of a scope: who it is of does not stand there in the clear."""
        scope, who = key
        digest = hashlib.sha256(who.encode()).hexdigest()[:24] if who else "-"
        return f"bailiwick:{self._tenant}:{name}:{scope}:{what}:{digest}"

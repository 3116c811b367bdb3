"""Places that a plane holds at the shared counter, told of again and again until they are given back.

A place that nobody tells of is free again after a few seconds, so that a plane which was killed takes nothing with it.
What was taken while the counter was away, or before it started anew, is told of as soon as it answers.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bailiwick.dataplane.gateways.limits.scripts import RENEW

FAULTS = (RedisError, OSError, TimeoutError)
LEASE_SECONDS = 6.0
_RENEW_SECONDS = 2.0
_AT_A_TIME = 500


@dataclass(slots=True)
class Lease:
    """One place: its name at the counter, the sets that it is in, and those of queues where it may have `stood`."""

    id: str
    places: tuple[str, ...]
    queues: tuple[str, ...]
    stood: bool = False


class Keeper:
    """Tells of the places that are held, and takes out those that were given back, one after the other.

    `answers` says whether the counter is asked now; `failed` hears that it did not answer.
    """

    def __init__(
        self, server: Redis, answers: Callable[[], Awaitable[bool]], failed: Callable[[Exception], None]
    ) -> None:
        self._server = server
        self._renew = server.register_script(RENEW)
        self._answers = answers
        self._failed = failed
        self._held: dict[str, Lease] = {}
        self._left: list[Lease] = []
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def hold(self, lease: Lease) -> None:
        """Tell of a place from now on."""
        self._held[lease.id] = lease
        self._work()

    def leave(self, lease: Lease) -> None:
        """Give a place back, or the wait for one up; this does not wait."""
        self._held.pop(lease.id, None)
        self._left.append(lease)
        self._changed.set()
        self._work()

    async def renew(self) -> None:
        """Tell of all places that are held."""
        sets: defaultdict[str, list[str]] = defaultdict(list)
        for lease in self._held.values():
            for key in lease.places:
                sets[key].append(lease.id)
        kept = round(LEASE_SECONDS * 1_000_000)
        for key, ids in sets.items():
            for first in range(0, len(ids), _AT_A_TIME):
                # One that was given back meanwhile must not come to life again.
                held = [one for one in ids[first : first + _AT_A_TIME] if one in self._held]
                if held:
                    await self._renew(keys=[key], args=[kept, *held])

    async def close(self) -> None:
        """Give everything back that is held, as far as the counter answers."""
        self._left += self._held.values()
        self._held = {}
        self._changed.set()
        # It ends by itself once there is nothing left: a task that is cancelled may forget that it was.
        if self._task is not None:
            await self._task

    def _work(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._keep())

    async def _keep(self) -> None:
        """Give back at once, renew now and then; end when nothing is held."""
        loop = asyncio.get_running_loop()
        due = loop.time() + _RENEW_SECONDS
        while self._held or self._left:
            if not self._left:
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(due):
                        await self._changed.wait()
            self._changed.clear()
            await self._try(self._give_back)
            if loop.time() >= due:
                await self._try(self.renew)
                due = loop.time() + _RENEW_SECONDS

    async def _try(self, act: Callable[[], Awaitable[None]]) -> None:
        try:
            if await self._answers():
                await act()
        except FAULTS as fault:
            self._failed(fault)
        if not await self._answers():
            # What could not be given back ends by itself.
            self._left = []

    async def _give_back(self) -> None:
        left, self._left = self._left, []
        sets: defaultdict[str, list[str]] = defaultdict(list)
        for lease in left:
            for key in (*lease.places, *(lease.queues if lease.stood else ())):
                sets[key].append(lease.id)
        if sets:
            async with self._server.pipeline(transaction=False) as pipeline:
                for key, ids in sets.items():
                    pipeline.zrem(key, *ids)
                await pipeline.execute()

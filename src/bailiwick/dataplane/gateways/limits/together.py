"""How a call gets a place of those that all planes have together: at once, or standing in their queue."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from bailiwick.dataplane.gateways.limits.errors import LimitedError
from bailiwick.dataplane.gateways.limits.leases import Lease
from bailiwick.dataplane.gateways.limits.places import Blocked, Places, Who, whose
from bailiwick.dataplane.gateways.limits.shared import Asked, Full, SharedCounter, Taken


class Together:
    """The places of one integration at all planes. `places` says what holds, which may change at any time.

    `refuse` makes what is raised when something stands in the way.
    """

    def __init__(
        self, name: str, places: Places, shared: SharedCounter | None, refuse: Callable[[Blocked], LimitedError]
    ) -> None:
        self._name = name
        self._places = places
        self._shared = shared
        self._refuse = refuse
        self.standing: Counter[str] = Counter()
        self.waited = 0

    @property
    def words(self) -> str:
        """How calls are counted, nothing where each plane counts alone."""
        return self._shared.words if self._shared is not None else ""

    async def take(self, who: Who, cost: int, over: float, require_room: Callable[[int], None]) -> Lease | None:
        """Take a place, waiting for it until `over`; None where there is no counter.

        While the counter does not answer, the place is told of as soon as it does.
        """
        if self._shared is None:
            return None
        waits, scopes = over > time.monotonic(), tuple(self._places.scopes(who))
        asked = self._shared.asked(self._name, scopes, cost, first=who.waited_for, waits=waits)
        try:
            found = await self._shared.take(asked)
            if isinstance(found, Full) and waits:
                require_room(self.standing.total())
                found = await self._stand(self._shared, who, asked, found, over)
            if isinstance(found, Full):
                raise self._refuse(_blocked(found))
        except BaseException:
            self._shared.leave(asked.lease)
            raise
        if found is not None:
            self._places.note_others(who, found.places)
        return asked.lease

    def leave(self, lease: Lease | None) -> None:
        """Give a place back."""
        if lease is not None and self._shared is not None:
            self._shared.leave(lease)

    async def _stand(
        self, shared: SharedCounter, who: Who, asked: Asked, found: Full, over: float
    ) -> Taken | Full | None:
        """Stand in the queue of all planes until there is a place, or the wait is over, or would be in vain."""
        self.standing[who.app] += 1
        self.waited += 1
        said: Taken | Full | None = found
        try:
            while isinstance(said, Full):
                left = over - time.monotonic()
                if left <= 0 or said.wait_seconds >= left:
                    break
                await asyncio.sleep(min(said.ask_seconds, left))
                asked.scopes = tuple(self._places.scopes(who))
                said = await shared.take(asked)
            return said
        finally:
            self.standing[who.app] -= 1


def _blocked(found: Full) -> Blocked:
    most = f"{found.limit.at_once} calls at once are under way"
    if found.kind == "rate" and found.limit.rate is not None:
        most = f"rate of {found.limit.rate.words} is used up"
    return Blocked(found.kind, found.key[0], f"{whose(found.key)} {most}, at all planes together", found.wait_seconds)

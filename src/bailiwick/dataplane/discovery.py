"""Tells the control plane, now and then, which accounts there are in the systems that this plane reaches."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError
from bailiwick.core.messages import Account, AccountsReport

_LOG = logging.getLogger("bailiwick.plane.discovery")
_EVERY_SECONDS = 300.0
_LOOK_SECONDS = 5.0


class Discovery:
    """Looks at each integration once in five minutes, and soon after it appears.

    `integrations` returns what apps of this plane use now, by name; `read` the accounts of one.
    """

    def __init__(
        self,
        integrations: Callable[[], Iterable[str]],
        read: Callable[[str], Awaitable[tuple[Account, ...]]],
        report: Callable[[AccountsReport], None],
        clock: Clock,
    ) -> None:
        self._integrations = integrations
        self._read = read
        self._report = report
        self._clock = clock
        self._looked: dict[str, float] = {}
        self._told: set[str] = set()

    async def run(self) -> None:
        """Look for ever. A system that does not answer is asked again the next time, and holds up no other."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Look at what is due."""
        now = asyncio.get_running_loop().time()
        wanted = set(self._integrations())
        self._looked = {name: at for name, at in self._looked.items() if name in wanted}
        for name in sorted(wanted):
            if now - self._looked.get(name, -_EVERY_SECONDS) >= _EVERY_SECONDS:
                self._looked[name] = now
                await self._look_at(name)

    async def _look_at(self, name: str) -> None:
        try:
            accounts = await self._read(name)
        except (BailiwickError, OSError) as fault:
            if name not in self._told:
                _LOG.warning("the accounts of %s cannot be seen: %s", name, type(fault).__name__)
            self._told.add(name)
            return
        self._told.discard(name)
        self._report(AccountsReport(integration=name, accounts=accounts, time=self._clock()))

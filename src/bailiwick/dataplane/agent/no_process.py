"""What stands in the place of a sandbox for an app of which nothing runs: it is up until it is told to end."""

import asyncio
from dataclasses import dataclass, field

from bailiwick.dataplane.sandbox import Exit, Reached, RefusedCall, Usage


@dataclass(frozen=True)
class NoProcess:
    """Nothing that runs, so nothing that could be paused, run into a limit or be refused a system call."""

    walls: str = "no process: the router serves its files"
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._over.is_set()

    def pause(self) -> None:
        """Go on: there is nothing to stop."""

    def resume(self) -> None:
        """Go on."""

    async def wait(self) -> Exit:
        """Wait until it is ended."""
        await self._over.wait()
        return Exit(0)

    async def kill(self) -> None:
        """End it."""
        self._over.set()

    def usage(self) -> Usage:
        """Return that nothing is used."""
        return Usage(0, 0.0, 0)

    def reached(self) -> list[Reached]:
        """Return no limits."""
        return []

    def refused_calls(self) -> list[RefusedCall]:
        """Return no system calls."""
        return []

    def close(self) -> None:
        """Close nothing: no sockets were planted."""

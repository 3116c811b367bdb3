"""One statement after another at a server that has no session: each is a job there, which ends where nobody waits."""

import asyncio
import contextlib
from abc import ABC, abstractmethod

from bailiwick.core.errors import UnavailableError
from bailiwick.dataplane.gateways.sql.engines.model import EngineFaultError


class Jobs(ABC):
    """Ends the job that runs. Nothing here is ever changed, and each statement is signed anew."""

    def __init__(self) -> None:
        self._running = self._stopped = False
        self._ending: asyncio.Task[None] | None = None

    @property
    def is_followed(self) -> bool:
        """Whether there is a newer account than it signed in with: it signs in with none."""
        return False

    @property
    def changed(self) -> int:
        """How many rows the last statement changed: none."""
        return 0

    @property
    @abstractmethod
    def _is_named(self) -> bool:
        """Whether the job that runs has a name by which it can be ended."""

    @abstractmethod
    async def _cancel(self) -> None:
        """Have the job with that name end."""

    async def control(self, word: str) -> None:  # noqa: B027 - there is nothing to do anywhere
        """Begin, commit or roll back: nothing is ever changed."""

    async def cancel(self) -> None:
        """Have the job end that runs, as soon as it has a name."""
        self._stopped = True
        await self._cancel_if_stopped()

    def close(self) -> None:
        """End what still runs."""
        self._give_up()

    def end(self) -> None:
        """End what still runs."""
        self._give_up()

    async def _cancel_if_stopped(self) -> None:
        if self._stopped and self._is_named:
            await self._cancel()

    def _give_up(self) -> None:
        """Have a job end that nobody waits for: it would work on unheard, and be paid for."""
        if self._running and self._is_named and self._ending is None:
            self._stopped, self._running = True, False
            self._ending = asyncio.create_task(self._ended())

    async def _ended(self) -> None:
        with contextlib.suppress(EngineFaultError, UnavailableError):
            await self._cancel_if_stopped()
        self._ending = None

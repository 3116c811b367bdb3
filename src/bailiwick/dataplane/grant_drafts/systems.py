"""The databases that somebody works on the grants of, as the newest desired state has them, and the way to them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from bailiwick.core.clock import Clock
from bailiwick.core.messages import DatabaseConnection, DesiredState, GrantPreview, SystemState
from bailiwick.dataplane.gateways.sql import Connection


class SignIn(Protocol):
    """Connects to a database under a name for its log; with `keyed` the session gets the key of masks."""

    def __call__(self, target: DatabaseConnection, application: str, *, keyed: bool = False) -> Awaitable[Connection]:
        """Return the connection; raise `UnavailableError` for none."""


@dataclass(frozen=True)
class Systems:
    """What is worked on now. `sign_in` connects to one, with a credential that the control plane allows for these."""

    desired: Callable[[], DesiredState | None]
    sign_in: "SignIn"
    clock: Clock

    def looks(self) -> dict[str, SystemState]:
        """Return the systems whose tables are to be told of, by the name of that look."""
        now = self.clock()
        return {item.asked: item for item in self._all() if item.look_until is not None and item.look_until > now}

    def previews(self) -> list[tuple[SystemState, GrantPreview]]:
        """Return the drafts that may be shown now, each with its system."""
        now = self.clock()
        return [(system, item) for system in self._all() for item in system.previews if item.until > now]

    def preview(self, draft: str) -> tuple[SystemState, GrantPreview] | None:
        """Return one of them."""
        return next((found for found in self.previews() if found[1].draft == draft), None)

    @asynccontextmanager
    async def connected(
        self, connection: DatabaseConnection, what_for: str, *, keyed: bool = False
    ) -> AsyncIterator[Connection]:
        """Yield a connection as the integration's account, which is ended after; raise `UnavailableError` for none.

        With `keyed` it can make masks that need the organisation's key.
        """
        made = await self.sign_in(connection, f"bailiwick {what_for}", keyed=keyed)
        try:
            yield made
        finally:
            made.close()

    def _all(self) -> tuple[SystemState, ...]:
        desired = self.desired()
        return desired.systems if desired is not None else ()

"""How far policies have spread: whether each plane decides by those that are in force."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from bailiwick.control.planes.needs import Policies
from bailiwick.control.planes.service import PlaneService
from bailiwick.core.messages import PoliciesReport
from bailiwick.store import Store

IN_FORCE = "in force"
_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class PolicySpread:
    """Looks at what planes said. `connected` returns the planes that listen to this process now."""

    store: Store
    planes: PlaneService
    policies: Policies
    known: Collection[str]
    connected: Callable[[], Collection[str]]

    def follow(self) -> None:
        """Take over what another process put into force, so that planes that listen here hear of it."""
        with self.store.transaction() as session:
            self.policies.refresh(session)

    def look(self, wait_seconds: float = 0.0) -> dict[str, str]:
        """Return for each plane "in force" or what is in the way. Planes that listen are waited for at most so long."""
        until = time.monotonic() + wait_seconds
        while True:
            found = self._now()
            waiting = [plane for plane in self.connected() if found.get(plane, IN_FORCE).startswith("not yet")]
            if not waiting or time.monotonic() >= until:
                return found
            time.sleep(_LOOK_SECONDS)

    def _now(self) -> dict[str, str]:
        with self.store.transaction() as session:
            generation, _ = self.policies.in_force(session)
            said = self.planes.policies_at(session)
        return {plane: _words(said.get(plane), generation) for plane in sorted(self.known)}


def _words(said: PoliciesReport | None, generation: int) -> str:
    if said is None or said.generation != generation:
        return "not yet: it has not said so, and decides by what it last heard until its leases end"
    if said.fault:
        return f"refuses everything, as it cannot read them: {said.fault}"
    return IN_FORCE

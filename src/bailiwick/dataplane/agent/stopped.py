"""What a plane stopped by itself: kept on disk until the control plane has said that it knows."""

import json
from collections.abc import Collection
from pathlib import Path

from bailiwick.core.messages import DesiredState, KillOrder
from bailiwick.core.stops import StopScope
from bailiwick.dataplane.agent.stopping import closed_by, closed_ways

# App and mode; of a branch's preview the app's name is that of `core.branches.instance_name`. A way that was closed has
# its scope as it is written (`integration:orders-db`) in the place of the app.
Key = tuple[str, str]


class StoppedHere:
    """Apps by name and mode, with why they were stopped. A file that cannot be read stops the plane, not the memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._why: dict[Key, str] = {}
        if path.exists():
            self._why = {(app, mode): why for app, mode, why in json.loads(path.read_text())}

    def why(self, key: Key) -> str | None:
        """Return why an app was stopped in a mode, or None when it was not."""
        return self._why.get(key)

    def put(self, key: Key, why: str) -> None:
        """Remember a stop."""
        self._why[key] = why
        self._write()

    def known(self, key: Key) -> None:
        """Forget a stop: the control plane knows of it, and from now on its word counts again."""
        if self._why.pop(key, None) is not None:
            self._write()

    def hear_of_ways(self, desired: DesiredState) -> None:
        """Forget the ways that this plane closed by itself and that the control plane closes now: it knows."""
        told = closed_ways(desired)
        for key, scope in self._ways():
            if (scope.kind, scope.subject) in told:
                self.known(key)

    def close_ways(self, desired: DesiredState) -> DesiredState:
        """Return a desired state with the ways closed that this plane closed by itself."""
        for key, scope in self._ways():
            desired = closed_by(desired, KillOrder(scope=scope, because=self._why[key]))
        return desired

    def _ways(self) -> list[tuple[Key, StopScope]]:
        return [(key, StopScope.parse(key[0])) for key in self._why if ":" in key[0]]

    def forget_branches(self, wanted: Collection[Key]) -> None:
        """Forget stops of branches' previews that are not wanted any more: the control plane has ended them."""
        for key in [key for key in self._why if "@" in key[0] and key not in wanted]:
            self.known(key)

    def _write(self) -> None:
        unfinished = self._path.with_suffix(".new")
        unfinished.write_text(json.dumps([[app, mode, why] for (app, mode), why in self._why.items()]))
        unfinished.replace(self._path)

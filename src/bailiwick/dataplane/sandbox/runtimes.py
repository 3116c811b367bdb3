"""The runtimes of a plane: Python's, which sandboxes need anyway, and Node's, made when the first app asks for it."""

import asyncio
from pathlib import Path

from bailiwick.core.offer import own_runtime
from bailiwick.dataplane.sandbox.runtime import Runtime, ensure_runtime
from bailiwick.runtimes import find_node


class Runtimes:
    """What this host has. `store` is where runtimes are kept."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._node = find_node()
        self.python = ensure_runtime(store)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the runtimes that there are, as manifests write them."""
        return (own_runtime(),) if self._node is None else (own_runtime(), self._node.name)

    async def of(self, name: str) -> Runtime:
        """Return the runtime that an app names, of those that there are."""
        if self._node is None or name != self._node.name:
            return self.python
        return await asyncio.to_thread(ensure_runtime, self._store, node=self._node)

"""The dependencies of a release on a plane: the layer that was signed or, for previews, what the lock file pins."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from bailiwick.core.chain import VerifiedRelease
from bailiwick.core.provenance import lock_of
from bailiwick.dataplane.sandbox import Layer, Runtime, ensure_layer, take_layer

Fetch = Callable[[str], Awaitable[bytes]]


class Dependencies:
    """Where this plane keeps layers; each is measured anew at every start, whatever lies there."""

    def __init__(self, store: Path, wheels: Path, runtime: Runtime, fetch: Fetch) -> None:
        self._store = store
        self._wheels = wheels
        self._runtime = runtime
        self._fetch = fetch

    async def of(self, verified: VerifiedRelease) -> Layer | None:
        """Return the layer to mount, None for an app without a lock file; raise `LayerError` when it cannot be had."""
        lock = lock_of(verified.files)
        if lock is None:
            return None
        if not verified.layer:
            return await ensure_layer(lock, self._wheels, self._store, self._runtime)
        kept = Layer(self._store / verified.layer, verified.layer)
        if kept.folder.exists() and await asyncio.to_thread(kept.still_is):
            return kept
        archive = await self._fetch(verified.layer)
        return await asyncio.to_thread(take_layer, archive, verified.layer, self._store)

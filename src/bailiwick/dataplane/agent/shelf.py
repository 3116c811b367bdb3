"""Where a plane keeps releases: fetched once, and verified and laid out at every start."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bailiwick.core.chain import VerifiedRelease
from bailiwick.core.manifest import Manifest
from bailiwick.core.messages import AppState, PlaneWelcome
from bailiwick.core.trust import KeyChanges
from bailiwick.dataplane.agent.link import Link
from bailiwick.dataplane.agent.releases import Fetched, Prepared, lay_out, trusted_keys, verify


class ReleaseShelf:
    """Artefacts by their hash, and trees that were made of them, below the plane's state."""

    def __init__(
        self, link: Link, state: Path, changes: Callable[[], KeyChanges], clock: Callable[[], datetime]
    ) -> None:
        self._link = link
        self._changes = changes
        self._clock = clock
        self._artifacts = state / "artifacts"
        self._releases = state / "releases"

    async def prepare(self, state: AppState) -> Prepared:
        """Return a release that may start; raise `SignatureError` that names the link of its chain that fails."""
        verified, manifest = await self.verify(state)
        tree = await asyncio.to_thread(lay_out, verified, self._releases)
        return Prepared(verified, manifest, tree)

    async def verify(self, state: AppState) -> tuple[VerifiedRelease, Manifest]:
        """Fetch a release and check its whole chain by the keys that count now; nothing is laid out for it."""
        welcome: PlaneWelcome | None = self._link.welcome
        assert welcome is not None  # noqa: S101 - no state is taken before the greeting
        data = await self._artifact(state.artifact_sha256)
        attachments = [await self._artifact(sha256) for sha256 in state.attachments]
        keys = trusted_keys(welcome, self._changes(), self._clock())
        return await asyncio.to_thread(verify, state, Fetched(data, tuple(attachments)), keys)

    def forget(self, state: AppState) -> None:
        """Fetch it anew the next time: what is here does not verify."""
        for sha256 in state.blobs:
            (self._artifacts / sha256).unlink(missing_ok=True)

    async def _artifact(self, sha256: str) -> bytes:
        kept = self._artifacts / sha256
        if kept.exists():
            return kept.read_bytes()
        data = await self._link.artifact(sha256)
        kept.parent.mkdir(exist_ok=True, mode=0o700)
        kept.write_bytes(data)
        return data

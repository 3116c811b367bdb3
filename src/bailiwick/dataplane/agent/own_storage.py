"""Apps' own storage in the life of a plane: open before a sandbox starts, told of as it fills, gone with its app."""

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from bailiwick.core.branches import instance_name
from bailiwick.core.events import AuditEvent, Outcome
from bailiwick.core.manifest import Manifest
from bailiwick.core.messages import AnyReport, AppState, AuditReport, StorageReport
from bailiwick.dataplane.sandbox import Storage, uid_of
from bailiwick.dataplane.storage import Filled, Kept, StorageError, StorageKeeper, why_none

_TELL_SECONDS = 5.0
_MIB = 2**20


class OwnStorage:
    """What a host does with storage, and what it tells of it."""

    def __init__(
        self, root: Path, plane: str, report: Callable[[AnyReport], None], clock: Callable[[], datetime]
    ) -> None:
        self._root = root
        self._keeper = StorageKeeper(root)
        self._plane = plane
        self._report = report
        self._clock = clock
        self._why_none: str | None = None
        self._told: dict[Kept, Filled] = {}
        self._looked: float | None = None
        self._wanted: frozenset[str] = frozenset()

    def why_none(self, manifest: Manifest) -> str:
        """Return why this host gives no storage to who asks for it, nothing when it does; tried once."""
        if manifest.storage is None:
            return ""
        if self._why_none is None:
            self._why_none = why_none(self._root.parent)
        return self._why_none

    async def ready(self, state: AppState, manifest: Manifest) -> Storage | None:
        """Open the storage of an app, when it declares any; raise `StorageError` when it cannot have that much."""
        if manifest.storage is None:
            return None
        size, most = manifest.storage.bytes, state.guardrails.storage.most_mib
        if size > most * _MIB:
            raise StorageError(
                f"it declares {size // _MIB} MiB of storage, and {most} MiB are the most (guardrail storage.most_mib)",
                hint="declare less under [storage], or ask an administrator of guardrails",
            )
        uid = uid_of(owner_of(state))
        assert uid is not None  # noqa: S101 - only root gives storage
        volume = await asyncio.to_thread(self._keeper.open, kept_of(state), size, uid)
        self._looked = 0.0
        return Storage(volume.files, size)

    async def look(self) -> None:
        """Tell how full storage is that was opened here, where that changed, every few seconds."""
        if self._looked is None or time.monotonic() - self._looked < _TELL_SECONDS:
            return
        self._looked = time.monotonic()
        for owner, filled in await asyncio.to_thread(self._keeper.filled):
            if self._told.get(owner) != filled:
                self._told[owner] = filled
                self._tell(owner, filled)

    async def drop_others(self, wanted: Iterable[AppState]) -> None:
        """Remove the storage of what is gone for good, and say so."""
        self._wanted = frozenset(kept_of(state).name for state in wanted)
        for owner in await asyncio.to_thread(lambda: self._keeper.drop_others(self._wanted, self._clock())):
            self._told.pop(owner, None)
            self._tell(owner, Filled(0, 0, 0, 0))
            self._note_removal(owner)

    async def close(self) -> None:
        """Unmount all: no sandbox runs any more."""
        await asyncio.to_thread(self._keeper.close)

    def _tell(self, owner: Kept, filled: Filled) -> None:
        report = {"app": owner.app, "mode": owner.mode, "branch": owner.branch, "time": self._clock()}
        sizes = {"used_bytes": filled.used_bytes, "size_bytes": filled.size_bytes}
        files = {"files": filled.files, "most_files": filled.most_files}
        self._report(StorageReport.model_validate({**report, **sizes, **files}))

    def _note_removal(self, owner: Kept) -> None:
        event = AuditEvent(
            time=self._clock(),
            tenant=owner.tenant,
            actor=f"plane:{self._plane}",
            action="storage.removed",
            resource=f"app:{owner.app}",
            outcome=Outcome.SUCCESS,
            reason="what it belonged to is gone",
            app=owner.app,
            plane=self._plane,
            context={"mode": owner.mode, **({"branch": owner.branch} if owner.branch else {})},
        )
        self._report(AuditReport(event=event))


def owner_of(state: AppState) -> str:
    """Return whose the sandboxes of an instance of an app are, and so which uid they have."""
    return f"{state.tenant}/{instance_name(state.app, state.branch)}/{state.mode}"


def kept_of(state: AppState) -> Kept:
    """Return whose the storage of an instance of an app is."""
    return Kept(state.tenant, state.app, state.mode, state.branch)

"""Keeps the volumes of a plane: one for each app, environment and branch, found again after a restart.

A volume goes with what it belonged to: that of a branch's preview when the preview ended, any other once the plane has
not been told of its app for some weeks, so that no fault of the control plane's gives up what an app kept.
"""

import hashlib
import json
import logging
import threading
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from bailiwick.dataplane.storage.errors import StorageError
from bailiwick.dataplane.storage.volume import Filled, Volume

_LOG = logging.getLogger("bailiwick.plane.storage")
_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Kept:
    """Whose a volume is: an app in a mode, of a branch or of main (empty); `left` is when it was first missed."""

    tenant: str
    app: str
    mode: str
    branch: str = ""
    left: str = ""

    @property
    def name(self) -> str:
        """The name of its folder."""
        owner = json.dumps([self.tenant, self.app, self.mode, self.branch])
        return hashlib.sha256(owner.encode()).hexdigest()[:32]


class StorageKeeper:
    """The volumes below a folder. Its methods block; they may be called from any thread."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()

    def open(self, owner: Kept, size_bytes: int, uid: int) -> Volume:
        """Return the volume of an owner, open; its files belong to `uid`. Raises `StorageError`."""
        with self._lock:
            self._root.mkdir(mode=0o711, exist_ok=True)
            self._root.chmod(0o711)
            volume = self._volume(owner)
            try:
                volume.folder.mkdir(exist_ok=True)
                self._write(replace(owner, left=""))
                volume.open(size_bytes, uid)
            except OSError as fault:
                raise StorageError(f"the app's storage cannot be opened: {fault.strerror}") from fault
            return volume

    def filled(self) -> list[tuple[Kept, Filled]]:
        """Return how full each volume is that is open."""
        with self._lock:
            volumes = [(owner, self._volume(owner)) for owner in self._all()]
            return [(owner, volume.filled()) for owner, volume in volumes if volume.is_open]

    def drop_others(self, wanted: Collection[str], now: datetime) -> list[Kept]:
        """Remove what has gone with its owner; `wanted` are the names of what is there. Return whose was removed."""
        with self._lock:
            return [owner for owner in list(self._all()) if self._drop(owner, owner.name in wanted, now)]

    def close(self) -> None:
        """Unmount all."""
        with self._lock:
            for owner in self._all():
                try:
                    self._volume(owner).close()
                except StorageError as fault:
                    _LOG.warning("the storage of %s: %s", owner.app, fault.message)

    # -- inner steps ---------------------------------------------------------------------------------------------

    def _drop(self, owner: Kept, wanted: bool, now: datetime) -> bool:
        if wanted:
            if owner.left:
                self._write(replace(owner, left=""))
            return False
        if not owner.branch:
            if not owner.left:
                self._write(replace(owner, left=now.isoformat()))
                return False
            if now - datetime.fromisoformat(owner.left) < _KEPT:
                return False
        try:
            self._volume(owner).remove()
        except (StorageError, OSError) as fault:
            _LOG.warning("the storage of %s could not be removed yet: %s", owner.app, fault)
            return False
        return True

    def _volume(self, owner: Kept) -> Volume:
        return Volume(self._root / owner.name)

    def _all(self) -> Iterator[Kept]:
        for place in sorted(self._root.glob("*/owner.json")):
            try:
                yield Kept(**json.loads(place.read_text()))
            except (OSError, ValueError, TypeError):
                _LOG.warning("%s cannot be read; what it is of is left alone", place)

    def _write(self, owner: Kept) -> None:
        place = self._root / owner.name / "owner.json"
        unfinished = place.with_suffix(".new")
        unfinished.write_text(json.dumps(asdict(owner)))
        unfinished.replace(place)

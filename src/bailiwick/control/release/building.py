"""Building: the dependencies of a release, installed once from its lock file in a sandbox without network.

The sandbox belongs to the data plane's code, which the control plane does not load: it runs as a process of its own.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bailiwick.control.release.artifact_store import ArtifactStore
from bailiwick.control.release.errors import NotBuiltError
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.provenance import Built, LockFile, lock_of

_SECONDS = 360.0


class Builder(Protocol):
    """Builds what the lock file of an app names."""

    def build(self, files: Sequence[TreeFile]) -> Built:
        """Return what was built, its layer kept; raise `NotBuiltError` that says why it could not be."""


@dataclass(frozen=True)
class SandboxBuilder:
    """Builds from the packages of the organisation's cache; `folder` is where the uids of sandboxes can reach it."""

    wheels: Path
    folder: Path
    artifacts: ArtifactStore
    _known: dict[LockFile, Built] = field(default_factory=dict)

    def build(self, files: Sequence[TreeFile]) -> Built:
        """Return what was built; the same lock file gives the same layer, the second time at once."""
        lock = lock_of({file.path: file for file in files})
        if lock is None:
            return Built()
        if lock not in self._known:
            self._known[lock] = self._build(lock)
        return self._known[lock]

    def _build(self, lock: LockFile) -> Built:
        try:
            return self._built(lock)
        except OSError as fault:
            raise NotBuiltError(
                f"what was built could not be kept: {fault.strerror}", hint="make room on the disk, and try again"
            ) from fault

    def _built(self, lock: LockFile) -> Built:
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder) as work:
            archive = Path(work) / "layer.tar"
            found = self._run(lock, archive)
            kept, size = self.artifacts.put_file(archive), archive.stat().st_size
        if kept != found["sha256"]:
            raise NotBuiltError("what was built is not what the build said that it is", hint="deploy the app again")
        return Built(kept, size, found["runtime"], found["wheels"])

    def _run(self, lock: LockFile, target: Path) -> dict[str, Any]:
        command = [sys.executable, "-m", "bailiwick.dataplane.build", "--lock", lock.name]
        command += ["--wheels", str(self.wheels), "--folder", str(self.folder), "--out", str(target)]
        try:
            done = subprocess.run(command, input=lock.text.encode(), capture_output=True, timeout=_SECONDS, check=False)
            found = json.loads(done.stdout)
        except subprocess.TimeoutExpired as fault:
            raise NotBuiltError("building the app's dependencies took too long", hint="try again") from fault
        except (OSError, ValueError) as fault:
            raise NotBuiltError(
                "building the app's dependencies failed on this machine", hint="bailiwick sandbox run -- true says why"
            ) from fault
        if "error" in found:
            raise NotBuiltError(str(found["error"]), hint=str(found["hint"]))
        return dict(found)


class NoBuilder:
    """Stands where the settings name no packages to build from: what has no dependencies is built all the same."""

    def build(self, files: Sequence[TreeFile]) -> Built:
        """Return an empty build; raise `NotBuiltError` for an app with a lock file."""
        lock = lock_of({file.path: file for file in files})
        if lock is not None:
            raise NotBuiltError(
                f"this installation cannot build what {lock.name} names",
                hint="whoever runs it sets build.wheels and build.folder in the control plane's settings",
            )
        return Built()

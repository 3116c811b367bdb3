"""Artefacts on disk, by their SHA-256; what is read back is checked against its name."""

import os
import re
import tempfile
from pathlib import Path

from bailiwick.core.artifacts import ArtifactError, digest
from bailiwick.core.errors import NotFoundError

_NAME = re.compile(r"[0-9a-f]{64}")


class ArtifactStore:
    """A directory of artefacts."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, data: bytes) -> str:
        """Keep an artefact and return its SHA-256; keeping the same one again changes nothing."""
        name = digest(data)
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (self._root / name).exists():
            with tempfile.NamedTemporaryFile(dir=self._root, delete=False) as unfinished:
                unfinished.write(data)
                unfinished.flush()
                os.fsync(unfinished.fileno())
            Path(unfinished.name).replace(self._root / name)
        return name

    def get(self, name: str) -> bytes:
        """Return an artefact; raise `ArtifactError` when what is on the disk is not what was kept."""
        if not _NAME.fullmatch(name):
            raise NotFoundError("this does not name an artefact")
        try:
            data = (self._root / name).read_bytes()
        except FileNotFoundError as fault:
            raise NotFoundError("this artefact is not here") from fault
        if digest(data) != name:
            raise ArtifactError(f"the artefact {name[:12]}… was changed on the disk", hint="deploy the app again")
        return data

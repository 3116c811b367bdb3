"""Artefacts on disk, by their SHA-256, as an OCI image layout; what is read back is checked against its name."""

import fcntl
import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import IO, Protocol

from bailiwick.core.artifacts import ArtifactError
from bailiwick.core.errors import NotFoundError, UnavailableError
from bailiwick.core.oci import LAYOUT, REF_NAME, Manifest, index_of

_NAME = re.compile(r"[0-9a-f]{64}")
_PIECE = 1 << 20


class ArtifactStore(Protocol):
    """Where artefacts are kept: the embedded store, or a registry."""

    def put(self, data: bytes) -> str:
        """Keep bytes and return their SHA-256; keeping the same ones again changes nothing."""

    def put_file(self, path: Path) -> str:
        """Keep what is in a file and return its SHA-256."""

    def put_manifest(self, manifest: Manifest, tag: str = "") -> None:
        """Keep a manifest whose parts are kept already, under a tag when one is given."""

    def get(self, name: str) -> bytes:
        """Return the bytes of a digest; raise `ArtifactError` when what comes back is not what was kept."""


class LayoutStore:
    """A directory of artefacts (OCI image layout 1.0: `oci-layout`, `index.json`, `blobs/sha256`).

    https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._blobs = root / "blobs" / "sha256"

    def put(self, data: bytes) -> str:
        """Keep bytes and return their SHA-256."""
        return self._keep(hashlib.sha256(data).hexdigest(), lambda target: target.write(data))

    def put_file(self, path: Path) -> str:
        """Keep what is in a file and return its SHA-256."""
        with path.open("rb") as source:
            name = hashlib.file_digest(source, "sha256").hexdigest()
            source.seek(0)
            return self._keep(name, lambda target: shutil.copyfileobj(source, target, _PIECE))

    def put_manifest(self, manifest: Manifest, tag: str = "") -> None:
        """Keep a manifest and list it in the index, once; a tag is taken from whatever had it."""
        self.put(manifest.data)
        entry = manifest.descriptor
        if tag:
            entry["annotations"] = {**manifest.annotations, REF_NAME: tag}
        with (self._root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            listed = [item for item in self._listed() if not _replaces(entry, item)]
            self._write(self._root / "index.json", index_of([*listed, entry]))
            self._write(self._root / "oci-layout", LAYOUT)

    def get(self, name: str) -> bytes:
        """Return the bytes of a digest; raise `ArtifactError` when what is on the disk is not what was kept."""
        if not _NAME.fullmatch(name):
            raise NotFoundError("this does not name an artefact")
        try:
            data = (self._blobs / name).read_bytes()
        except FileNotFoundError as fault:
            raise NotFoundError("this artefact is not here") from fault
        if hashlib.sha256(data).hexdigest() != name:
            raise ArtifactError(f"the artefact {name[:12]}… was changed on the disk", hint="deploy the app again")
        return data

    def _listed(self) -> list[dict[str, object]]:
        try:
            return list(json.loads((self._root / "index.json").read_bytes())["manifests"])
        except FileNotFoundError:
            return []

    def _keep(self, name: str, fill: Callable[[IO[bytes]], object]) -> str:
        self._blobs.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (self._blobs / name).exists():
            self._replace(self._blobs / name, fill)
        return name

    def _write(self, target: Path, data: bytes) -> None:
        self._replace(target, lambda unfinished: unfinished.write(data))

    def _replace(self, target: Path, fill: Callable[[IO[bytes]], object]) -> None:
        """Write a file whole or not at all: a full disk leaves nothing half."""
        unfinished = self._root / f".{uuid.uuid4().hex}"
        try:
            with unfinished.open("xb") as written:
                fill(written)
                written.flush()
                os.fsync(written.fileno())
            unfinished.replace(target)
        except OSError as fault:
            raise UnavailableError(
                f"the artefact could not be kept: {fault.strerror}",
                hint="make room where the control plane keeps its state, and try again",
            ) from fault
        finally:
            unfinished.unlink(missing_ok=True)


def _replaces(entry: dict[str, object], other: dict[str, object]) -> bool:
    return (entry["digest"] == other["digest"] and _tag(entry) == _tag(other)) or bool(
        _tag(entry) and _tag(entry) == _tag(other)
    )


def _tag(entry: dict[str, object]) -> str:
    annotations = entry.get("annotations")
    return str(annotations.get(REF_NAME, "")) if isinstance(annotations, dict) else ""

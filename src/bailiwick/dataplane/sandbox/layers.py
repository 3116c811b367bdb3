"""Layers: an app's dependencies, installed from its lock file in a sandbox without network, and then only read."""

import asyncio
import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bailiwick.core.provenance import LockFile
from bailiwick.dataplane.sandbox.errors import LayerError
from bailiwick.dataplane.sandbox.installers import Installer, installer_of
from bailiwick.dataplane.sandbox.launch import launch
from bailiwick.dataplane.sandbox.layer_files import digest_of, unpack
from bailiwick.dataplane.sandbox.model import Limits, Mount, SandboxSpec
from bailiwick.dataplane.sandbox.runtime import Runtime

_BUILD_LIMITS = Limits(memory_bytes=1024 * 2**20, cpu=2.0, processes=256, disk_bytes=2048 * 2**20, open_files=4096)
_BUILD_SECONDS = 300.0
# Rises when the same lock file would make another layer.
_VERSION = 2


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer: the folder to mount, and the SHA-256 of the archive that its files make."""

    folder: Path
    sha256: str

    def still_is(self) -> bool:
        """Return whether the folder holds what it was kept as."""
        try:
            return digest_of(self.folder) == self.sha256
        except LayerError:
            return False


async def ensure_layer(lock: LockFile, shelf: Path, store: Path, runtime: Runtime) -> Layer:
    """Return the layer of what a lock file names, building it at the first time.

    `shelf` is the folder that the organisation fills with packages, `store` where layers are kept, `runtime` one of
    Python. Raises `LayerError` with the installer's reason when a hash differs or a package is missing.
    """
    installer = installer_of(lock)
    installer.check(lock.text)
    name = hashlib.sha256(f"{_VERSION}\0{runtime.root.name}\0{lock.text}".encode()).hexdigest()
    built = store / f"{name}.built"
    if built.exists():
        sha256 = built.read_text()
        if (store / sha256).exists():
            return Layer(store / sha256, sha256)
    store.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=store) as work:
        place = Path(work)
        place.chmod(0o755)
        (place / "input").mkdir()
        (place / "input" / lock.name).write_text(lock.text)
        archive = await _build(lock, place, shelf, runtime)
        layer = await asyncio.to_thread(_keep, archive, place, store, installer)
        # Written last, and whole: a build that was cut off is done again.
        (place / "built").write_text(layer.sha256)
        (place / "built").replace(built)
    return layer


def take_layer(archive: bytes, sha256: str, store: Path) -> Layer:
    """Keep a layer that was built elsewhere; raise `LayerError` when it is not the one of this digest."""
    store.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=store) as work:
        place = Path(work)
        place.chmod(0o755)
        (place / "layer.tar").write_bytes(archive)
        layer = _keep(place / "layer.tar", place, store)
    if layer.sha256 != sha256:
        raise LayerError(f"the packages are not those that were approved: expected {sha256[:12]}…")
    return layer


def _keep(archive: Path, place: Path, store: Path, installer: Installer | None = None) -> Layer:
    """Move what an archive holds into the store, under its own digest; what an installer made is tidied first."""
    finished = place / "layer"
    unpack(archive, finished)
    if installer is not None:
        installer.tidy(finished)
    sha256 = digest_of(finished)
    layer = Layer(store / sha256, sha256)
    if layer.folder.exists() and not layer.still_is():
        shutil.rmtree(layer.folder)
    try:
        finished.rename(layer.folder)
    except OSError:
        # Another process was faster: its layer is the same.
        if not layer.folder.exists():
            raise
    return layer


async def _build(lock: LockFile, place: Path, shelf: Path, runtime: Runtime) -> Path:
    installer = installer_of(lock)
    for folder in ("packages", "tools"):
        (place / folder).mkdir()
    for item in installer.pinned(lock.text, shelf):
        shutil.copyfile(item.file, place / "packages" / item.file.name)
    arguments = installer.tool(place / "tools")
    for folder, folders, files in os.walk(place):
        for entry in (*folders, *files):
            path = Path(folder) / entry
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    spec = SandboxSpec(
        id=f"build-{place.name}"[:60],
        owner=f"build/{place.name}",
        command=(runtime.python, *arguments),
        mounts=(
            Mount(place / "packages", "/layer"),
            Mount(place / "input", "/overlay"),
            Mount(place / "tools", "/mnt"),
        ),
        limits=_BUILD_LIMITS,
    )
    sandbox = await launch(spec, runtime)
    try:
        return await asyncio.wait_for(_receive(sandbox.output, place / "layer.tar"), _BUILD_SECONDS)
    except TimeoutError as fault:
        raise LayerError("installing the app's packages took too long") from fault
    finally:
        await sandbox.kill()
        await sandbox.wait()


async def _receive(output: asyncio.StreamReader, target: Path) -> Path:
    first = await output.readline()
    if first != b"LAYER\n":
        words = (first + await output.read(4000)).decode(errors="replace").removeprefix("FAILED ").strip()
        raise LayerError(
            f"the app's packages could not be installed: {words[:600]}",
            hint="the organisation's package cache must hold every package of the lock file with the same hash",
        )
    with target.open("wb") as archive:
        while piece := await output.read(1 << 20):
            archive.write(piece)
    return target

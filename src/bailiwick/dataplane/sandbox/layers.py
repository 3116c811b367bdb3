"""Layers: an app's dependencies, installed from its lock file in a sandbox without network, and then only read."""

import asyncio
import hashlib
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import uv

from bailiwick.dataplane.sandbox.errors import LayerError
from bailiwick.dataplane.sandbox.launch import launch
from bailiwick.dataplane.sandbox.layer_files import digest_of, tidy, unpack
from bailiwick.dataplane.sandbox.model import Limits, Mount, SandboxSpec
from bailiwick.dataplane.sandbox.runtime import Runtime

_BUILD_LIMITS = Limits(memory_bytes=1024 * 2**20, cpu=2.0, processes=64, disk_bytes=2048 * 2**20, open_files=4096)
_BUILD_SECONDS = 300.0
# Rises when the same lock file would make another layer.
_VERSION = 2
_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(\[[^\]]*\])?==[^\s;\\]+", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
# The layer leaves the sandbox as a stream, so that the build needs no writable folder of the host.
_BUILD = """
import subprocess, sys, tarfile
done = subprocess.run(
    ["/mnt/uv", "pip", "install", "--offline", "--no-index", "--find-links", "/layer", "--require-hashes",
     "--only-binary", ":all:", "--no-cache", "--no-config", "--target", "/tmp/layer", "--python", sys.executable,
     "-r", "/overlay/requirements.lock"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
if done.returncode:
    sys.stdout.buffer.write(b"FAILED " + done.stdout)
    sys.exit(1)
sys.stdout.buffer.write(b"LAYER\\n")
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
    archive.add("/tmp/layer", ".")
"""


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


async def ensure_layer(lock: str, wheels: Path, store: Path, runtime: Runtime) -> Layer:
    """Return the layer of what a lock file names, building it at the first time.

    `lock` is in pip's requirements format with hashes, `wheels` the folder that the organisation fills, `store` where
    layers are kept. Raises `LayerError` with the installer's reason when a hash differs or a wheel is missing.
    """
    if not _PIN.search(lock) or "--hash=" not in lock:
        raise LayerError(
            "requirements.lock does not pin its packages with hashes",
            hint="make it with: uv pip compile --generate-hashes requirements.in -o requirements.lock",
        )
    name = hashlib.sha256(f"{_VERSION}\0{runtime.root.name}\0{lock}".encode()).hexdigest()
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
        (place / "input" / "requirements.lock").write_text(lock)
        archive = await _build(lock, place, wheels, runtime)
        layer = await asyncio.to_thread(_keep, archive, place, store)
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


def _keep(archive: Path, place: Path, store: Path) -> Layer:
    """Move what an archive holds into the store, under its own digest."""
    finished = place / "layer"
    unpack(archive, finished)
    tidy(finished)
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


async def _build(lock: str, place: Path, wheels: Path, runtime: Runtime) -> Path:
    (place / "wheels").mkdir()
    for wheel in _wanted(lock, wheels):
        shutil.copyfile(wheel, place / "wheels" / wheel.name)
    (place / "tools").mkdir()
    shutil.copyfile(uv.find_uv_bin(), place / "tools" / "uv")
    for folder, folders, files in os.walk(place):
        for entry in (*folders, *files):
            path = Path(folder) / entry
            path.chmod(0o755 if path.is_dir() or entry == "uv" else 0o644)
    spec = SandboxSpec(
        id=f"build-{place.name}"[:60],
        owner=f"build/{place.name}",
        command=(runtime.python, "-I", "-S", "-c", _BUILD),
        mounts=(
            Mount(place / "wheels", "/layer"),
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
            hint="the organisation's package cache must hold every wheel of requirements.lock with the same hash",
        )
    with target.open("wb") as archive:
        while piece := await output.read(1 << 20):
            archive.write(piece)
    return target


def materials_of(lock: str, wheels: Path) -> dict[str, str]:
    """Return the wheels of the cache that a lock file pins by hash, as name and SHA-256."""
    hashes = set(_HASH.findall(lock))
    found = {wheel.name: hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in _wanted(lock, wheels)}
    return {name: sha256 for name, sha256 in sorted(found.items()) if sha256 in hashes}


def _wanted(lock: str, wheels: Path) -> list[Path]:
    """Return the wheels whose project the lock file names, so that a build sees nothing else."""
    projects = {re.sub(r"[-_.]+", "-", match[1]).lower() for match in _PIN.finditer(lock)}
    return [
        wheel for wheel in wheels.glob("*.whl") if re.sub(r"[-_.]+", "-", wheel.name.split("-")[0]).lower() in projects
    ]

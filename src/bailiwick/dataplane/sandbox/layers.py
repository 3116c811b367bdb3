"""Layers: an app's dependencies, installed from its lock file in a sandbox without network, and then only read."""

import asyncio
import hashlib
import os
import re
import shutil
import tarfile
import tempfile
from pathlib import Path

import uv

from bailiwick.core.artifacts import is_safe_path
from bailiwick.dataplane.sandbox.errors import LayerError
from bailiwick.dataplane.sandbox.launch import launch
from bailiwick.dataplane.sandbox.model import Limits, Mount, SandboxSpec
from bailiwick.dataplane.sandbox.runtime import Runtime

_BUILD_LIMITS = Limits(memory_bytes=1024 * 2**20, cpu=2.0, processes=64, disk_bytes=2048 * 2**20, open_files=4096)
_BUILD_SECONDS = 300.0
_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(\[[^\]]*\])?==[^\s;\\]+", re.MULTILINE)
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


async def ensure_layer(lock: str, wheels: Path, store: Path, runtime: Runtime) -> Path:
    """Return the folder with what a lock file names, building it at the first time.

    `lock` is in pip's requirements format with hashes, `wheels` the folder that the organisation fills, `store` where
    layers are kept. Raises `LayerError` with the installer's reason when a hash differs or a wheel is missing.
    """
    if not _PIN.search(lock) or "--hash=" not in lock:
        raise LayerError(
            "requirements.lock does not pin its packages with hashes",
            hint="make it with: uv pip compile --generate-hashes requirements.in -o requirements.lock",
        )
    name = hashlib.sha256(f"{runtime.root.name}\0{lock}".encode()).hexdigest()[:24]
    layer = store / name
    if layer.exists():
        return layer
    store.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=store) as work:
        place = Path(work)
        place.chmod(0o755)
        (place / "input").mkdir()
        (place / "input" / "requirements.lock").write_text(lock)
        archive = await _build(lock, place, wheels, runtime)
        finished = place / "layer"
        await asyncio.to_thread(_unpack, archive, finished)
        try:
            finished.rename(layer)
        except OSError:
            # Another process was faster: its layer is the same.
            if not layer.exists():
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


def _wanted(lock: str, wheels: Path) -> list[Path]:
    """Return the wheels whose project the lock file names, so that a build sees nothing else."""
    projects = {re.sub(r"[-_.]+", "-", match[1]).lower() for match in _PIN.finditer(lock)}
    return [
        wheel for wheel in wheels.glob("*.whl") if re.sub(r"[-_.]+", "-", wheel.name.split("-")[0]).lower() in projects
    ]


def _unpack(archive: Path, target: Path) -> None:
    """Unpack what the build made. Its code ran there, so the archive is not trusted: only plain files inside."""
    target.mkdir()
    with tarfile.open(archive) as content:
        for entry in content:
            name = entry.name.removeprefix("./")
            source = content.extractfile(entry) if entry.isreg() else None
            if source is None:
                continue  # folders are made for their files; links and devices have no place in a layer
            if not is_safe_path(name):
                raise LayerError(f"the build made a file outside of its folder: {name[:80]!r}")
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as copy:
                shutil.copyfileobj(source, copy)
            path.chmod(0o755 if entry.mode & 0o100 else 0o644)
    for folder, _, _ in os.walk(target):
        Path(folder).chmod(0o755)

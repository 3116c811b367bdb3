"""Installers: how each kind of lock file becomes a layer, in a build sandbox without network and from hashes only."""

import hashlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import uv

from bailiwick.core.provenance import NODE_LOCK, PYTHON_LOCK, LockFile
from bailiwick.dataplane.sandbox import npm_layout
from bailiwick.dataplane.sandbox.errors import LayerError

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(\[[^\]]*\])?==[^\s;\\]+", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
# The layer leaves the sandbox as a stream, so that the build needs no writable folder of the host.
_INSTALL_WHEELS = """
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
class Pinned:
    """A package in the organisation's cache, and whether it is the very one that the lock file pins."""

    file: Path
    is_it: bool


class Installer(Protocol):
    """Installs what one kind of lock file names."""

    def check(self, lock: str) -> None:
        """Return when the lock file pins what it names by hash; raise `LayerError` otherwise."""

    def pinned(self, lock: str, shelf: Path) -> Iterator[Pinned]:
        """Yield the packages of the cache that the lock file may mean, so that a build sees nothing else."""

    def tool(self, folder: Path) -> tuple[str, ...]:
        """Lay what installs into a folder, seen as /mnt, and return the arguments of the interpreter that start it."""

    def tidy(self, layer: Path) -> None:
        """Take away what the installer wrote about this machine and this moment, so that only packages are left."""


class Wheels:
    """Python's packages, installed by uv."""

    def check(self, lock: str) -> None:
        """Return when every line may have its hash."""
        if not _PIN.search(lock) or "--hash=" not in lock:
            raise LayerError(
                "requirements.lock does not pin its packages with hashes",
                hint="make it with: uv pip compile --generate-hashes requirements.in -o requirements.lock",
            )

    def pinned(self, lock: str, shelf: Path) -> Iterator[Pinned]:
        """Yield the wheels whose project the lock file names."""
        projects = {_project(match[1]) for match in _PIN.finditer(lock)}
        hashes = set(_HASH.findall(lock))
        for wheel in shelf.glob("*.whl"):
            if _project(wheel.name.split("-")[0]) in projects:
                yield Pinned(wheel, hashlib.sha256(wheel.read_bytes()).hexdigest() in hashes)

    def tool(self, folder: Path) -> tuple[str, ...]:
        """Lay uv into the folder."""
        shutil.copyfile(uv.find_uv_bin(), folder / "uv")
        (folder / "uv").chmod(0o755)
        return ("-I", "-S", "-c", _INSTALL_WHEELS)

    def tidy(self, layer: Path) -> None:
        """Take away uv's lock, when a wheel came into the cache, and scripts that name the interpreter by its path
        here: an app is started by the launcher, never through them.
        """
        (layer / ".lock").unlink(missing_ok=True)
        gone = [path for path in (layer / "bin").glob("*") if path.is_file() and path.read_bytes()[:2] == b"#!"]
        gone += layer.glob("*.dist-info/uv_cache.json")
        for path in gone:
            path.unlink()
        names = {f"{path.parent.name}/{path.name}" for path in gone}
        for record in layer.glob("*.dist-info/RECORD"):
            lines = record.read_text().splitlines(keepends=True)
            record.write_text("".join(sorted(line for line in lines if _recorded(line) not in names)))


class Tarballs:
    """Node's packages, laid out by the lock file, which names the folder of each."""

    def check(self, lock: str) -> None:
        """Return when every package that is installed has a hash."""
        try:
            for folder, entry in npm_layout.packages_of(lock):
                npm_layout.hash_of(folder, entry)
                npm_layout.tarball_of(folder, entry)
        except (npm_layout.LayoutError, ValueError) as fault:
            hint = "make it with: npm install --package-lock-only --ignore-scripts"
            raise LayerError(f"the app's packages could not be installed: {fault}", hint=hint) from fault

    def pinned(self, lock: str, shelf: Path) -> Iterator[Pinned]:
        """Yield the tarballs that are called as `npm pack` calls those of the lock file's packages."""
        hashes: dict[str, set[bytes]] = {}
        for folder, entry in npm_layout.packages_of(lock):
            name = npm_layout.tarball_of(folder, entry)
            hashes.setdefault(name, set()).add(npm_layout.hash_of(folder, entry))
        for name, wanted in sorted(hashes.items()):
            tarball = shelf / name
            if tarball.is_file():
                yield Pinned(tarball, hashlib.sha512(tarball.read_bytes()).digest() in wanted)

    def tool(self, folder: Path) -> tuple[str, ...]:
        """Lay our own program into the folder."""
        shutil.copyfile(npm_layout.__file__, folder / "npm_layout.py")
        return ("-I", "-S", "-B", "/mnt/npm_layout.py", "/tmp/layer")  # noqa: S108 - the sandbox's own

    def tidy(self, layer: Path) -> None:
        """Leave all as it is: nothing was written but the packages."""


_BY_LOCK: dict[str, Installer] = {PYTHON_LOCK: Wheels(), NODE_LOCK: Tarballs()}


def installer_of(lock: LockFile) -> Installer:
    """Return what installs the packages of a lock file."""
    return _BY_LOCK[lock.name]


def materials_of(lock: LockFile, shelf: Path) -> dict[str, str]:
    """Return the packages of the cache that a lock file pins by hash, as name and SHA-256."""
    found = sorted(item.file for item in installer_of(lock).pinned(lock.text, shelf) if item.is_it)
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in found}


def _project(name: str) -> str:
    """Return a project's name as it is compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _recorded(line: str) -> str:
    """Return folder and name of the file that a line of a wheel's RECORD is about."""
    return "/".join(line.rpartition(",")[0].rpartition(",")[0].split("/")[-2:])

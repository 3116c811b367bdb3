"""Lays an app's npm packages out as its package-lock.json says, from tarballs whose hashes stand there. Standard
library only.

It runs in the build sandbox, which has no network: a tarball can be anything. Nothing that a package brings is run. The
lock file (version 2 or 3, docs.npmjs.com/cli/configuring-npm/package-lock-json) names the folder of each package, so
there is nothing to resolve.
"""

import base64
import hashlib
import json
import os
import platform
import shutil
import sys
import tarfile
from pathlib import Path, PurePosixPath
from typing import Any

_ROOT = "node_modules/"
_VERSIONS = (2, 3)
_LONGEST_NAME = 214  # https://docs.npmjs.com/cli/configuring-npm/package-json#name
_MACHINES = {"x86_64": "x64", "aarch64": "arm64"}


Entry = dict[str, Any]


class LayoutError(Exception):
    """The packages cannot be laid out; the words say which and why."""


def packages_of(lock: str) -> list[tuple[str, Entry]]:
    """Return what a lock file has for production on this machine, as (folder below node_modules, entry).

    What is in the tarball of another package has no entry of its own to fetch, and is left out.
    """
    try:
        document = json.loads(lock)
        version, packages = document["lockfileVersion"], dict(document["packages"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise LayoutError("package-lock.json is not a lock file of npm 7 or later") from None
    if version not in _VERSIONS:
        raise LayoutError(f"package-lock.json has version {version!r:.20}; npm 7 or later writes one that is read here")
    found: list[tuple[str, Entry]] = []
    for key, entry in sorted(packages.items()):
        if not isinstance(entry, dict):
            raise LayoutError(f"package-lock.json: {key[:80]} is no package")
        if key and not entry.get("dev") and not entry.get("inBundle") and _fits(key, entry):
            found.append((_folder_of(key, entry), entry))
    return found


def _folder_of(key: str, entry: Entry) -> str:
    if entry.get("link") or not key.startswith(_ROOT):
        raise LayoutError(f"{key[:80]} is a workspace; only packages from the index are installed")
    parts = PurePosixPath(key).parts
    if "/".join(parts) != key or any(part in (".", "..") or not part.isprintable() for part in parts):
        raise LayoutError(f"package-lock.json names a folder outside of node_modules: {key[:80]!r}")
    return key[len(_ROOT) :]


def _fits(key: str, entry: Entry) -> bool:
    """Return whether a package is for this machine; raise when one that is not optional is not."""
    libc = "glibc" if platform.libc_ver()[0] == "glibc" else "musl"
    here = {"os": "linux", "cpu": _MACHINES.get(platform.machine(), platform.machine()), "libc": libc}
    for what, mine in here.items():
        listed = entry.get(what) or []
        if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
            raise LayoutError(f"package-lock.json: {what} of {key[:80]} is no list of names")
        wanted = [item for item in listed if not item.startswith("!")]
        if f"!{mine}" in listed or (wanted and mine not in wanted):
            if entry.get("optional"):
                return False
            raise LayoutError(f"{key[:80]} is for {what} {', '.join(listed)[:80]}, not for {mine}")
    return True


def tarball_of(folder: str, entry: Entry) -> str:
    """Return the file name of a package's tarball, as `npm pack` writes it."""
    name, version = entry.get("name") or folder.rpartition(_ROOT)[2], entry.get("version")
    if not isinstance(name, str) or not isinstance(version, str) or len(name) > _LONGEST_NAME or "/" in version:
        raise LayoutError(f"package-lock.json: {folder[:80]} has no version")
    return f"{name.removeprefix('@').replace('/', '-')}-{version}.tgz"


def hash_of(folder: str, entry: Entry) -> bytes:
    """Return the SHA-512 that a lock file pins a package with, in bytes (https://www.w3.org/TR/SRI/)."""
    for item in str(entry.get("integrity", "")).split():
        kind, _, value = item.partition("-")
        if kind == "sha512":
            return base64.b64decode(value.partition("?")[0])
    raise LayoutError(f"{folder[:80]} has no sha512 hash in package-lock.json, so nothing says what it is")


def lay_out(lock: str, tarballs: Path, target: Path) -> None:
    """Unpack each package into its folder below `target`; the deeper ones go into the others, so they come later."""
    for folder, entry in packages_of(lock):
        wanted, name = hash_of(folder, entry), tarball_of(folder, entry)
        try:
            content = (tarballs / name).read_bytes()
        except OSError:
            raise LayoutError(f"{name} is not in the package cache") from None
        if hashlib.sha512(content).digest() != wanted:
            raise LayoutError(f"{name} in the package cache is not the one that package-lock.json pins")
        _unpack(tarballs / name, target / folder)


def _unpack(tarball: Path, target: Path) -> None:
    """Unpack plain files without the folder that a tarball has around all; as by npm, links are left out."""
    target.mkdir(parents=True, exist_ok=True)
    with tarfile.open(tarball, "r:gz") as archive:
        for entry in archive:
            parts = PurePosixPath(entry.name).parts[1:]
            source = archive.extractfile(entry) if entry.isreg() else None
            if source is None or not parts:
                continue
            if ".." in parts or entry.name.startswith("/"):
                raise LayoutError(f"{tarball.name} has a file outside of its folder: {entry.name[:80]!r}")
            place = target.joinpath(*parts)
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("wb") as copy:
                shutil.copyfileobj(source, copy)
            place.chmod(0o755 if entry.mode & 0o100 else 0o644)


def main() -> None:
    """Lay out what /overlay/package-lock.json names from the tarballs in /layer, and write it to standard output."""
    target = Path(sys.argv[1])
    out = sys.stdout.buffer
    try:
        lay_out(Path("/overlay/package-lock.json").read_text(), Path("/layer"), target)
    except (LayoutError, OSError, EOFError, tarfile.TarError) as fault:
        out.write(b"FAILED " + f"{fault}".encode())
        sys.exit(1)
    out.write(b"LAYER\n")
    with tarfile.open(fileobj=out, mode="w|") as archive:
        archive.add(target, ".")


if __name__ == "__main__":
    os.umask(0o022)
    main()

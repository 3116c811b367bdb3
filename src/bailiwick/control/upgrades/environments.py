"""Environments of Python beside each other, one a version: made from a release's wheels and what is here already."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import venv
from importlib.metadata import Distribution, PackagePath
from pathlib import Path

from bailiwick.control.upgrades.errors import ReleaseRefusedError, UpgradeFailedError
from bailiwick.control.upgrades.model import WHEELS, Release

_COMPLETE = ".complete"
_CURRENT = "current"
_INSTALL_SECONDS = 600
_LAST_WORDS = 600


def build(environment: Path, release: Release, unpacked: Path) -> None:
    """Make an environment for a release; nothing is downloaded. Safe to repeat: an unfinished one is made anew.

    Packages that the release needs and does not bring are taken over from the running environment, in the very version
    that the release names. Raises `ReleaseRefusedError` when one is not here, `UpgradeFailedError` when that fails.
    """
    if (environment / _COMPLETE).exists():
        return
    brought = {normal(wheel.name.split("-", 1)[0]) for wheel in release.wheels}
    kept = [_installed(name, version) for name, version in release.requirements.items() if normal(name) not in brought]
    shutil.rmtree(environment, ignore_errors=True)
    venv.EnvBuilder(symlinks=True, with_pip=False).create(environment)
    for distribution in kept:
        _take_over(distribution, environment)
    _install([unpacked / WHEELS / wheel.name for wheel in release.wheels], environment)
    (environment / _COMPLETE).touch()


def python_of(environment: Path) -> Path:
    """Return the interpreter of an environment."""
    return environment / "bin" / "python"


def switch(environments: Path, environment: Path) -> None:
    """Let `current` lead to an environment, at once."""
    fresh = environments / f".{_CURRENT}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(environment)
    fresh.replace(environments / _CURRENT)


def normal(name: str) -> str:
    """Return a package's name as names are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _installed(name: str, version: str) -> Distribution:
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        found = None
    if found is None or found.version != version:
        have = "it is not here" if found is None else f"{found.version} is here"
        raise ReleaseRefusedError(
            f"the release needs {name[:80]} {version[:40]} and does not bring it, and {have}",
            hint="take the bundle that brings all packages",
        )
    return found


def _take_over(distribution: Distribution, environment: Path) -> None:
    """Link or copy what a package installed; scripts are made anew, because they name their interpreter."""
    for file in distribution.files or ():
        source = Path(str(distribution.locate_file(file))).resolve()
        target = _place(file, environment)
        if target is None or not source.is_file() or target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.parent == environment / "bin" and _is_script(source):
            _write_script(source, target, environment)
        else:
            _link(source, target)


def _place(file: PackagePath, environment: Path) -> Path | None:
    """Return where a file of a package belongs in another environment; None when that would be outside of it."""
    library = environment / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    target = Path(os.path.normpath(library / file))
    return target if environment in target.parents and "__pycache__" not in target.parts else None


def _is_script(source: Path) -> bool:
    with source.open("rb") as file:
        return file.read(2) == b"#!"


def _write_script(source: Path, target: Path, environment: Path) -> None:
    _, _, rest = source.read_bytes().partition(b"\n")
    target.write_bytes(f"#!{python_of(environment)}\n".encode() + rest)
    target.chmod(0o755)


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)


def _install(wheels: list[Path], environment: Path) -> None:
    """Install wheels, whose digests were checked, without index, network, cache or dependencies."""
    tool = Path(sys.prefix) / "bin" / "uv"
    command = [
        str(tool),
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--offline",
        "--no-cache",
        "--no-config",
    ]
    done = subprocess.run(
        [*command, "--python", str(python_of(environment)), *map(str, wheels)],
        capture_output=True,
        text=True,
        check=False,
        timeout=_INSTALL_SECONDS,
    )
    if done.returncode:
        raise UpgradeFailedError(f"the release could not be installed: {done.stderr.strip()[-_LAST_WORDS:]}")

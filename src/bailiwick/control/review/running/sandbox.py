"""The walls of a worker: namespaces by bubblewrap with nothing in them but what engines are made of.

Started as root, bubblewrap makes no user namespace (its uid would be root's outside): the worker itself takes a uid
that nothing else has, and holds no capability from then on. Started by an ordinary user it makes one.
"""

import os
import secrets
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import bailiwick
from bailiwick.core.errors import SandboxUnavailableError

SCRATCH = "/scratch"
_FIRST_UID, _UIDS = 190_000, 9_999
_SHARED = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache")
_INNER_ID = "1000"
_PROGRAMS = ("ruff", "squawk")
_PROBE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Isolation:
    """How workers are kept from the rest: in a sandbox, or by limits alone with the reason why."""

    missing: str = ""
    hint: str = ""

    @property
    def sandboxed(self) -> bool:
        """Whether there is a sandbox."""
        return not self.missing

    def require(self) -> None:
        """Raise `SandboxUnavailableError` when there is none."""
        if self.missing:
            raise SandboxUnavailableError(f"reviews need a sandbox: {self.missing}", hint=self.hint)


@cache
def isolation() -> Isolation:
    """Try once whether this host can make the sandbox, and return what was seen."""
    if shutil.which("bwrap") is None:
        return Isolation("bubblewrap is not installed", "apt-get install bubblewrap")
    try:
        tried = subprocess.run(
            [*bubblewrap(()), "--", sys.executable, "-I", "-S", "-c", ""],
            stdin=subprocess.DEVNULL, capture_output=True, env={}, timeout=_PROBE_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as fault:
        return Isolation(f"bubblewrap does not run ({type(fault).__name__})", "install bubblewrap 0.8 or newer")
    if tried.returncode == 0:
        return Isolation()
    said = tried.stderr.decode(errors="replace").strip()[:200]
    hint = "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1, or give bwrap an AppArmor profile"
    return Isolation(f"this host does not let us make namespaces: {said}", hint)


def own_uid() -> int | None:
    """Return a uid that nothing else has, for one worker; None for whoever is no root and keeps theirs."""
    return _FIRST_UID + secrets.randbelow(_UIDS) if os.geteuid() == 0 else None


def bubblewrap(more_paths: Sequence[str], scratch_bytes: int = 2**20) -> list[str]:
    """Return the command that makes the sandbox, up to what is run in it; `more_paths` are readable inside too."""
    command = [shutil.which("bwrap") or "bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--as-pid-1", "--hostname", "review"]
    command += ["--cap-drop", "ALL"]
    if os.geteuid() == 0:
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user", "--disable-userns", "--uid", _INNER_ID, "--gid", _INNER_ID]
    command += ["--proc", "/proc", "--dev", "/dev"]
    for part in _in_order((*_SHARED, *_interpreter(), *more_paths)):
        command += part
    command += ["--perms", "1777", "--size", str(scratch_bytes), "--tmpfs", SCRATCH]
    return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", SCRATCH]


def _interpreter() -> list[str]:
    """Return what the interpreter at hand consists of, packages and ours included."""
    library = Path(os.__file__).parent
    prefixes = {sys.prefix, sys.base_prefix}
    # Of what others share, only what belongs to the interpreter, and the programs that engines start.
    whole = prefixes - {"/usr", "/usr/local"}
    libraries = {f"{prefix}/lib" for prefix in prefixes & {"/usr/local"}}
    programs = {f"{folder}/{name}" for folder in _program_folders() for name in _PROGRAMS}
    single = {sys.executable, str(Path(sys.executable).resolve()), str(library)}
    return sorted({*whole, *libraries, *programs, *single, *import_paths()})


def _program_folders() -> set[str]:
    return {sysconfig.get_path("scripts"), f"{sys.prefix}/bin", f"{sys.base_prefix}/bin"}


def import_paths() -> list[str]:
    """Return where a worker looks for modules: those places of ours that hold packages and the interpreter's library.

    Never a folder that is there because somebody works in it: it may be the one that is reviewed.
    """
    ours = str(Path(bailiwick.__file__).parents[1])
    return [entry for entry in sys.path if Path(entry).exists() and (entry == ours or _holds_packages(Path(entry)))]


def _holds_packages(entry: Path) -> bool:
    library = Path(os.__file__).parent
    installed = entry.is_absolute() and entry.name in {"site-packages", "dist-packages"}
    return installed or entry == library or library in entry.parents


def _in_order(paths: Iterable[str]) -> Iterable[list[str]]:
    """Yield options of bubblewrap that show each path inside, open folders above it first."""
    made: set[Path] = {Path("/")}
    shown: list[Path] = []
    for path in sorted({Path(item) for item in paths if Path(item).exists()}, key=lambda item: len(item.parts)):
        if any(above in shown for above in path.parents):
            continue
        for above in reversed(path.parents):
            if above not in made:
                made.add(above)
                yield ["--perms", "0755", "--dir", str(above)]
        shown.append(path)
        if path.is_symlink() and path.is_dir():
            yield ["--symlink", str(path.readlink()), str(path)]
        else:
            yield ["--ro-bind", str(path), str(path)]

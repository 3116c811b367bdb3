"""gVisor on this host: which runsc there is, the command that starts a bundle in it, and whether that works.

All of runsc, its kernel in user space too, runs below bubblewrap as the owner's uid, in namespaces where there is
nothing but what the sandbox is made of. Its `host` network is that of bubblewrap's own namespace: a loopback with the
planted sockets.
"""

import functools
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bailiwick.dataplane.sandbox.cgroups import make_group
from bailiwick.dataplane.sandbox.command import unsharing
from bailiwick.dataplane.sandbox.descriptors import DataFiles, Descriptors
from bailiwick.dataplane.sandbox.errors import SandboxUnavailableError
from bailiwick.dataplane.sandbox.model import MIB, Limits

# Where bubblewrap mounts what the command is to see as its root.
ROOT = "/inside"
_SECONDS, _TRY_SECONDS = 10, 60
_NEEDED = frozenset({"root", "rootless", "platform", "network", "host-uds", "ignore-cgroups"})
_FLAGS = ("--root=/run", "--rootless", "--network=host", "--host-uds=all", "--ignore-cgroups")
# Newer versions put a layer in memory on the root unless told not to: writing there would seem to work.
_NO_LAYER = {"overlay2": "--overlay2=none"}
_DEVICES = {"kvm": "/dev/kvm"}
_NOBODY = 65534
NO_GROUPS = "its limits need control groups, and this host lends none"


@dataclass(frozen=True, slots=True)
class Runsc:
    """The program, and what it calls its version."""

    program: str
    version: str


def find_runsc() -> Runsc | None:
    """Return this host's runsc, or None when there is none."""
    program = shutil.which("runsc")
    if program is None:
        return None
    return Runsc(program, _version(program, _stamp(program)))


def default_platform(program: str) -> str:
    """Return the platform that a runsc takes when it is told none."""
    return _flags(program, _stamp(program)).get("platform", "")


def platform_of(program: str, wanted: str) -> str:
    """Return which platform a sandbox has: the wanted one, or that which runsc takes by itself."""
    return wanted or default_platform(program) or "its own"


def runsc_options(
    program: str, platform: str, data: DataFiles, configuration: Mapping[str, Any], content: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Return bubblewrap's options for a bundle, and the command that starts it; `content` are options for its root."""
    known = _flags(program, _stamp(program))
    config = data.add(json.dumps(configuration).encode())
    options = ["--proc", "/proc", "--size", str(MIB), "--tmpfs", "/dev"]
    for device in ("/dev/null", "/dev/urandom", *([_DEVICES[platform]] if platform in _DEVICES else [])):
        options += ["--dev-bind", device, device]
    for folder in ("/tmp", "/run"):  # noqa: S108 - of runsc itself: its own root, and what it remembers
        options += ["--size", str(MIB), "--tmpfs", folder]
    options += ["--ro-bind", program, "/runsc", "--ro-bind-data", config, "/bundle/config.json", *content]
    flags = [*_FLAGS, *(flag for name, flag in _NO_LAYER.items() if name in known)]
    flags += [f"--platform={platform}"] if platform else []
    return [*options, "--remount-ro", "/", "--chdir", "/"], ["/runsc", *flags, "run", "--bundle=/bundle", "app"]


def why_no_gvisor(platform: str = "") -> tuple[str, str] | None:
    """Return why no sandbox comes up in gVisor here, and what to do, or None when one did just now or before."""
    found = find_runsc()
    if found is None:
        return "this host has no runsc", "install runsc: apt-get install runsc, or see gvisor.dev"
    stamp = _stamp(found.program)
    missing = sorted(_NEEDED - set(_flags(found.program, stamp)))
    if missing:
        return f"runsc {found.version} does not know {', '.join(missing)}", "install a newer runsc"
    try:
        _comes_up(found.program, stamp, platform)
    except (OSError, subprocess.SubprocessError, SandboxUnavailableError) as fault:
        named = f" with the platform {platform}" if platform else ""
        hint = "bailiwick doctor says what else is missing here; gvisor_platform of the plane chooses another platform"
        return f"runsc {found.version} is here, but nothing starts in it{named}: {fault}", hint
    return None


@functools.lru_cache(maxsize=8)
def _comes_up(program: str, _stamp: str, platform: str) -> None:
    """Run runsc inside of runsc once, as nobody; raise when that does not work, and never remember that."""
    group = make_group("gvisor", Limits())
    if group is None:
        raise SandboxUnavailableError(NO_GROUPS)
    group.remove()
    configuration = bundle(["/runsc", "--version"], {}, "/", limits=[], capabilities=[])
    content = [
        "--ro-bind",
        program,
        f"{ROOT}/runsc",
        *(item for name in ("proc", "dev") for item in ("--dir", f"{ROOT}/{name}")),
    ]
    becoming = [] if os.geteuid() else ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--"]
    with Descriptors() as ours:
        data = DataFiles(ours)
        options, command = runsc_options(program, platform, data, configuration, content)
        done = subprocess.run(
            [*becoming, *unsharing(), *options, "--", *command],
            capture_output=True, text=True, check=False, timeout=_TRY_SECONDS, cwd="/", pass_fds=data.numbers,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    if done.returncode != 0 or not done.stdout.startswith("runsc version"):
        words = (done.stderr or done.stdout).strip().replace("\n", "; ")
        raise SandboxUnavailableError(words[-300:] or f"it ended with code {done.returncode}")


def bundle(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: str,
    *,
    limits: Sequence[tuple[str, int]],
    capabilities: Sequence[str],
    writable: Sequence[str] = (),
    data_only: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the configuration of a bundle (OCI runtime specification 1.0) whose root is mounted at `ROOT`.

    What is written to the folders that are `writable` or `data_only` goes to their file systems at once, and fails at
    once when they are full: of other files runsc believes that nobody else changes them, and writes them when it likes.
    No program is run from folders that are `data_only`.

    The root is read-only by its mount. Were it so by the configuration, runsc would have to mount it again, which the
    kernel refuses to it there.
    """
    kinds = ("bounding", "effective", "permitted", "inheritable", "ambient")
    return {
        "ociVersion": "1.0.2",
        "hostname": "app",
        "root": {"path": ROOT, "readonly": False},
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": list(command),
            "env": [f"{name}={value}" for name, value in environment.items()],
            "cwd": folder,
            "noNewPrivileges": True,
            "capabilities": {kind: list(capabilities) for kind in kinds[:3]} | {kind: [] for kind in kinds[3:]},
            "rlimits": [{"type": name, "soft": value, "hard": value} for name, value in limits],
        },
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
            *(_bound(path) for path in writable),
            *(_bound(path, "noexec") for path in data_only),
        ],
        "linux": {"namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")]},
    }


def _bound(path: str, *options: str) -> dict[str, Any]:
    return {"destination": path, "type": "bind", "source": ROOT + path, "options": ["rw", "nosuid", "nodev", *options]}


def _stamp(program: str) -> str:
    """Return what changes when another program is put in its place."""
    try:
        found = Path(program).stat()
    except OSError:
        return ""
    return f"{found.st_ino} {found.st_size} {found.st_mtime_ns}"


@functools.lru_cache(maxsize=8)
def _version(program: str, _stamp: str) -> str:
    said = _said(program, "--version").partition("\n")[0].removeprefix("runsc version ").strip()
    return said[:80] or "of an unknown version"


@functools.lru_cache(maxsize=8)
def _flags(program: str, _stamp: str) -> Mapping[str, str]:
    """Return the flags that a runsc knows, with what each is when it is not given, where it says so."""
    found: dict[str, str] = {}
    name = ""
    for line in _said(program, "flags").splitlines():
        words = line.split()
        if line.startswith("  -") and words:
            name = words[0].lstrip("-")
            found[name] = ""
        elif name and line.rstrip().endswith(")") and "(default " in line:
            found[name] = line.rpartition("(default ")[2].rstrip(")").strip('"')
    return found


def _said(program: str, *arguments: str) -> str:
    try:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout or done.stderr

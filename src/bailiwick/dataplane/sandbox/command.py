"""The command that starts a sandbox of the level `process`: bubblewrap with all that it keeps out, and its limits."""

import os
import shutil
from pathlib import Path

from bailiwick.core.syscalls import filter_program, handing_filters
from bailiwick.dataplane.sandbox.descriptors import DataFiles
from bailiwick.dataplane.sandbox.errors import SandboxUnavailableError
from bailiwick.dataplane.sandbox.landlock import landlock_version
from bailiwick.dataplane.sandbox.machine import device_options, process_options
from bailiwick.dataplane.sandbox.mechanism import Handed, Mechanism
from bailiwick.dataplane.sandbox.model import SandboxSpec
from bailiwick.dataplane.sandbox.runtime import Runtime

_INNER_ID = "1000"
STORAGE = "/storage"
# Below it are folders by their own names.
_SHOWN, _SMALL = "/mnt/", "4096"


def bubblewrap_command(spec: SandboxSpec, runtime: Runtime, handed: Handed) -> list[str]:
    """Return bubblewrap's command for the command of a sandbox."""
    data = handed.data
    command = [*unsharing(), "--disable-userns", "--cap-drop", "ALL", "--ro-bind", str(runtime.root), "/"]
    command += [*device_options(spec.limits), *process_options(spec.limits, data, runtime.nothing)]
    command += [*content_options(spec, data, "/"), "--remount-ro", "/"]
    first, second = (filter_program(), b"") if handed.door is None else handing_filters(programs=spec.programs)
    command += ["--seccomp", data.add(first), "--chdir", spec.working_directory]
    for name, value in environment_of(spec, runtime).items():
        command += ["--setenv", name, value]
    ingress = "" if handed.ingress is None else str(handed.ingress)
    watched = "" if handed.door is None else f"{data.add(second)}:{handed.door}"
    stage = [runtime.python, "-I", "-S", "-B", "/.bailiwick/stage.py", ingress, watched]
    return [*command, *starting_options(handed), "--", *stage, *spec.command]


def unsharing() -> list[str]:
    """Return bubblewrap with namespaces of its own, and one uid in them, which is the owner's outside."""
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxUnavailableError("bubblewrap is not installed", hint="apt-get install bubblewrap")
    command = [program, "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"]
    return [*command, "--uid", _INNER_ID, "--gid", _INNER_ID, "--hostname", "app"]


def content_options(spec: SandboxSpec, data: DataFiles, root: str) -> list[str]:
    """Return bubblewrap's options for what lies in the root that the command sees, which is mounted at `root`."""
    above = root.rstrip("/")
    hosts = "127.0.0.1 localhost\n" + "".join(f"{plant.address} {plant.name}\n" for plant in spec.plants)
    options = ["--size", str(spec.limits.disk_bytes), "--tmpfs", f"{above}/tmp"]  # noqa: S108 - the sandbox's own
    shown = [mount for mount in spec.mounts if mount.target.startswith(_SHOWN)]
    if shown:  # the root has no place for them
        options += ["--size", _SMALL, "--tmpfs", above + _SHOWN.rstrip("/")]
    for mount in spec.mounts:
        options += ["--ro-bind", str(mount.source), above + mount.target]
    if shown:
        options += ["--remount-ro", above + _SHOWN.rstrip("/")]
    if spec.storage is not None:
        options += ["--bind", str(spec.storage.folder), above + STORAGE]
    return [*options, "--ro-bind-data", data.add(hosts.encode()), f"{above}/etc/hosts"]


def starting_options(handed: Handed) -> list[str]:
    """Return bubblewrap's options for saying that it started, and for waiting."""
    return ["--info-fd", str(handed.status_write), "--block-fd", str(handed.gate_read)]


def environment_of(spec: SandboxSpec, runtime: Runtime) -> dict[str, str]:
    """Return all that the command finds in its environment."""
    own = {
        "PATH": f"/usr/bin:/bin:{Path(runtime.python).parent}",
        "HOME": "/tmp",  # noqa: S108 - the sandbox's own
        "TMPDIR": "/tmp",  # noqa: S108
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }
    if spec.storage is not None:
        own["STORAGE_DIR"] = STORAGE
    return own | dict(spec.environment)


def largest_file(spec: SandboxSpec) -> int:
    """Return how large any file that the command writes may become."""
    return max(spec.limits.disk_bytes, spec.storage.size_bytes if spec.storage is not None else 0)


def _rlimits(spec: SandboxSpec, by_group: bool) -> list[str]:
    """Return prlimit(1)'s options; without control groups the memory limit is one for each process."""
    limits = spec.limits
    options = [f"--nofile={limits.open_files}", "--core=0", f"--fsize={largest_file(spec)}"]
    if not by_group:
        options += [f"--data={limits.memory_bytes}", f"--nproc={_own_processes() + limits.processes}"]
    return options


def _own_processes() -> int:
    """Return how many processes our uid has already: without an own uid, the limit counts them too."""
    if os.geteuid() == 0:
        return 0
    own = os.geteuid()
    return sum(1 for entry in Path("/proc").iterdir() if entry.name.isdigit() and _owner(entry) == own)


def _owner(entry: Path) -> int:
    try:
        return entry.stat().st_uid
    except OSError:
        return -1


def _walls(_: SandboxSpec) -> list[str]:
    landlock = landlock_version()
    return ["bubblewrap", *([f"Landlock {landlock}"] if landlock else [])]


PROCESS = Mechanism(
    command=bubblewrap_command,
    rlimits=_rlimits,
    group_limits=lambda limits: limits,
    walls=_walls,
    root="",
    in_memory=("/tmp", "/dev/shm"),  # noqa: S108 - the sandbox's own
    own_kernel=False,
)

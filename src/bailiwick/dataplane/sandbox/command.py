"""The command that starts a sandbox: bubblewrap with all that it keeps out, and the limits set before it."""

import os
import shutil
from pathlib import Path

from bailiwick.core.syscalls import filter_program, handing_filters
from bailiwick.dataplane.sandbox.descriptors import DataFiles
from bailiwick.dataplane.sandbox.errors import SandboxUnavailableError
from bailiwick.dataplane.sandbox.machine import device_options, process_options
from bailiwick.dataplane.sandbox.model import SandboxSpec
from bailiwick.dataplane.sandbox.runtime import Runtime

_INNER_ID = "1000"
STORAGE = "/storage"


def ingress_numbers(spec: SandboxSpec) -> list[int]:
    """Return the descriptors of the socket that the sandbox listens on, when there is one."""
    return [spec.ingress.fileno()] if spec.ingress is not None else []


def bubblewrap_command(
    spec: SandboxSpec, runtime: Runtime, data: DataFiles, status_write: int, gate_read: int, door: int | None
) -> list[str]:
    """Return bubblewrap's command; it says that it started on one descriptor, and waits for our word on the other.

    Through `door`, when there is one, comes the listener of the filter that hands refusals on.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxUnavailableError("bubblewrap is not installed", hint="apt-get install bubblewrap")
    hosts = "127.0.0.1 localhost\n" + "".join(f"{plant.address} {plant.name}\n" for plant in spec.plants)
    command = [program, "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"]
    command += ["--uid", _INNER_ID, "--gid", _INNER_ID, "--cap-drop", "ALL", "--hostname", "app"]
    command += ["--ro-bind", str(runtime.root), "/"]
    command += [*device_options(spec.limits), *process_options(spec.limits, data, runtime.nothing)]
    command += ["--size", str(spec.limits.disk_bytes), "--tmpfs", "/tmp"]  # noqa: S108 - the sandbox's own
    for mount in spec.mounts:
        command += ["--ro-bind", str(mount.source), mount.target]
    if spec.storage is not None:
        command += ["--bind", str(spec.storage.folder), STORAGE]
    command += ["--ro-bind-data", data.add(hosts.encode()), "/etc/hosts", "--remount-ro", "/"]
    first, second = (filter_program(), b"") if door is None else handing_filters(programs=spec.programs)
    command += ["--seccomp", data.add(first), "--chdir", spec.working_directory]
    for name, value in _environment(spec, runtime).items():
        command += ["--setenv", name, value]
    command += ["--info-fd", str(status_write), "--block-fd", str(gate_read), "--"]
    ingress = ",".join(map(str, ingress_numbers(spec)))
    watched = "" if door is None else f"{data.add(second)}:{door}"
    stage = [runtime.python, "-I", "-S", "-B", "/.bailiwick/stage.py", ingress, watched]
    return [*command, *stage, *spec.command]


def _environment(spec: SandboxSpec, runtime: Runtime) -> dict[str, str]:
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


def rlimits(spec: SandboxSpec, *, by_group: bool) -> list[str]:
    """Return prlimit(1)'s options; without control groups the memory limit is one for each process."""
    limits = spec.limits
    largest = max(limits.disk_bytes, spec.storage.size_bytes if spec.storage is not None else 0)
    options = [f"--nofile={limits.open_files}", "--core=0", f"--fsize={largest}"]
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

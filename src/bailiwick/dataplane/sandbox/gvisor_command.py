"""The command that starts a sandbox of the level `gvisor`, and its limits."""

import base64
import json
from dataclasses import replace

from bailiwick.core.syscalls import filter_program, without_processes, without_raw_sockets
from bailiwick.dataplane.sandbox.command import (
    STORAGE,
    content_options,
    environment_of,
    largest_file,
    starting_options,
    unsharing,
)
from bailiwick.dataplane.sandbox.errors import SandboxUnavailableError
from bailiwick.dataplane.sandbox.gvisor import NO_GROUPS, ROOT, Runsc, bundle, find_runsc, platform_of, runsc_options
from bailiwick.dataplane.sandbox.ingress import INNER_FOLDER
from bailiwick.dataplane.sandbox.machine import EMPTY_FILES, EMPTY_FOLDERS, own_files, shared_memory_options
from bailiwick.dataplane.sandbox.mechanism import Handed, Mechanism
from bailiwick.dataplane.sandbox.model import MIB, Limits, SandboxSpec
from bailiwick.dataplane.sandbox.runtime import Runtime

# What runsc takes for itself, beside the app: four programs, their threads, and for each process or thread of the app
# those of the host that it runs on.
_OWN_BYTES, _OWN_PROCESSES, _PROCESSES_FOR_EACH = 64 * MIB, 256, 32
_OWN_FILES, _FILES_FOR_EACH = 4096, 8
# What the first program inside needs before it becomes the command: of that kernel only, and given up before.
_CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE", "CAP_SETPCAP")
_FOLDER_BYTES = 4096
# What bubblewrap mounts for the command to write to.
_IN_MEMORY = ("/tmp", "/dev/shm", INNER_FOLDER)  # noqa: S108 - the sandbox's own


def _command(spec: SandboxSpec, runtime: Runtime, handed: Handed) -> list[str]:
    """Return bubblewrap's command for runsc, which runs the command of a sandbox."""
    data, program = handed.data, _runsc().program
    content = ["--ro-bind", str(runtime.root), ROOT, *content_options(spec, data, ROOT)]
    content += [
        "--size",
        str(_FOLDER_BYTES),
        "--tmpfs",
        f"{ROOT}/dev",
        *shared_memory_options(spec.limits, f"{ROOT}/dev"),
    ]
    content += ["--perms", "0700", "--size", str(_FOLDER_BYTES), "--tmpfs", ROOT + INNER_FOLDER]
    configuration = bundle(
        _stage(spec, runtime, handed),
        environment_of(spec, runtime),
        spec.working_directory,
        limits=[
            ("RLIMIT_NOFILE", spec.limits.open_files),
            ("RLIMIT_CORE", 0),
            ("RLIMIT_FSIZE", largest_file(spec)),
        ],
        capabilities=_CAPABILITIES,
        writable=_IN_MEMORY,
        data_only=[STORAGE] if spec.storage is not None else [],
    )
    options, command = runsc_options(program, spec.platform, data, configuration, content)
    return [*unsharing(), "--cap-drop", "ALL", *options, *starting_options(handed), "--", *command]


def _stage(spec: SandboxSpec, runtime: Runtime, handed: Handed) -> list[str]:
    program = without_raw_sockets(filter_program())
    if not spec.programs:
        program = without_processes(program)
    order = {
        "ingress": f"{INNER_FOLDER}/{handed.ingress_name}" if handed.ingress_name else "",
        "processes": spec.limits.processes,
        "files": dict.fromkeys(("sentry-meminfo", *EMPTY_FILES), "") | own_files(spec.limits),
        "empty_folders": EMPTY_FOLDERS,
        "filter": base64.b64encode(program).decode(),
    }
    return [runtime.python, "-I", "-S", "-B", "/.bailiwick/gvisor_stage.py", json.dumps(order), *spec.command]


def _rlimits(spec: SandboxSpec, by_group: bool) -> list[str]:
    """Return prlimit(1)'s options around runsc; those of the command are set inside."""
    if not by_group:
        raise SandboxUnavailableError(
            f"there is no sandbox in gVisor: {NO_GROUPS}", hint="run the plane as root, where there are control groups"
        )
    return [f"--nofile={_OWN_FILES + _FILES_FOR_EACH * spec.limits.open_files}", "--core=0"]


def _group_limits(limits: Limits) -> Limits:
    """Return what all of it may use: how many processes the app may have is counted by the kernel inside."""
    processes = _OWN_PROCESSES + _PROCESSES_FOR_EACH * limits.processes
    return replace(limits, memory_bytes=limits.memory_bytes + _OWN_BYTES, processes=processes)


def _runsc() -> Runsc:
    found = find_runsc()
    if found is None:
        raise SandboxUnavailableError("this host has no runsc", hint="apt-get install runsc")
    return found


def _walls(spec: SandboxSpec) -> list[str]:
    found = _runsc()
    return [f"gVisor {found.version} ({platform_of(found.program, spec.platform)})", "bubblewrap"]


GVISOR = Mechanism(
    command=_command,
    rlimits=_rlimits,
    group_limits=_group_limits,
    walls=_walls,
    root=ROOT,
    in_memory=_IN_MEMORY,
    own_kernel=True,
)

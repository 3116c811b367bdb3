"""Starts a sandbox: an own uid, namespaces by bubblewrap, a system-call filter, limits, and planted sockets."""

import array
import asyncio
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from bailiwick.core.syscalls import filter_program
from bailiwick.dataplane.sandbox.cgroups import ControlGroup, make_group
from bailiwick.dataplane.sandbox.errors import SandboxStartError, SandboxUnavailableError
from bailiwick.dataplane.sandbox.model import Exit, Limits, Plant, SandboxSpec, Usage
from bailiwick.dataplane.sandbox.runtime import Runtime

_FIRST_UID, _UIDS = 200_000, 60_000
_INNER_ID = "1000"
_START_SECONDS = 20.0
_KILL_SECONDS = 5.0
_OUTPUT_LIMIT = 256 * 1024
_SAFE_ID = re.compile(r"[A-Za-z0-9_.-]{1,80}")
# Enters the control groups, sets limits, becomes the owner's uid and then bubblewrap: each before the next.
_ENTER = (
    'while [ "$1" != -- ]; do echo 0 > "$1" || exit 125; shift; done; shift; exec "$@"',
    "enter",
)


@dataclass
class Sandbox:
    """A running sandbox. `planted` are the listening sockets on its loopback, which now belong to the caller."""

    spec: SandboxSpec
    planted: dict[Plant, socket.socket]
    output: asyncio.StreamReader
    inner_pid: int
    _first: "_FirstProcess"
    _process: asyncio.subprocess.Process
    _group: ControlGroup | None

    @property
    def controls(self) -> str:
        """How the limits are enforced here: by control groups or by rlimits only."""
        return "rlimits" if self._group is None else f"cgroup v{self._group.version}"

    async def wait(self) -> Exit:
        """Wait for the end and say how it came."""
        code = await self._process.wait()
        self._first.end()
        broken = self._group.broken_limit(self.spec.limits) if self._group is not None else ""
        if self._group is not None:
            self._group.remove()
        return Exit(code if code >= 0 else 128 - code, broken)

    async def kill(self) -> None:
        """End it now, every process in it: the death of a process namespace's first process is that of all."""
        self._first.kill()
        try:
            # Bubblewrap ends after the namespace's first process, and that one after all the others.
            await asyncio.wait_for(self._process.wait(), _KILL_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def usage(self) -> Usage:
        """Return what it uses now; zeros where the host lends no control groups."""
        return self._group.usage() if self._group is not None else Usage(0, 0.0, 0)

    def close(self) -> None:
        """Close the planted sockets."""
        for planted in self.planted.values():
            planted.close()


class _FirstProcess:
    """The first process inside, held by a file descriptor: its number may be another's once it has ended."""

    def __init__(self, pid: int) -> None:
        self._descriptor = os.pidfd_open(pid)

    def kill(self) -> None:
        if self._descriptor >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def end(self) -> None:
        """Kill it if it is still there, and let go of it."""
        self.kill()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


async def launch(spec: SandboxSpec, runtime: Runtime) -> Sandbox:
    """Start a sandbox and plant its sockets before its command runs.

    Raises `SandboxUnavailableError` when this host cannot, `SandboxStartError` when this one did not start.
    """
    if not _SAFE_ID.fullmatch(spec.id):
        raise SandboxStartError(f"'{spec.id[:40]}' cannot name a sandbox")
    uid = _uid_of(spec.owner)
    group = make_group(f"{spec.id}-{os.getpid()}-{time.monotonic_ns()}", spec.limits)
    with _Descriptors() as ours:
        status_read, status_write = ours.pipe()
        gate_read, gate_write = ours.pipe()
        output_read, output_write = ours.pipe()
        data = _DataFiles(ours)
        command = _bubblewrap_command(spec, runtime, data, status_write, gate_read)
        handed = [status_write, gate_read, *data.numbers, *_ingress_numbers(spec)]
        spawning = asyncio.create_task(_spawn(command, spec, uid, group, handed, output_write))
        first: _FirstProcess | None = None
        try:
            process = await asyncio.shield(spawning)
            ours.close(status_write, output_write)
            output = await _reader(ours.release(output_read))
            inner_pid = await _started(status_read, output)
            # It waits for our word and bubblewrap for its end, so the number is still its own.
            first = _FirstProcess(inner_pid)
            planted = await _plant(spec, runtime, inner_pid, uid)
            os.write(gate_write, b"1")
        except BaseException:
            await _undo(spawning, first, group)
            raise
    return Sandbox(spec, planted, output, inner_pid, first, process, group)


def _uid_of(owner: str) -> int | None:
    """Return the uid that an owner's sandboxes have outside; None when we are no root and keep ours."""
    if os.geteuid() != 0:
        return None
    return _FIRST_UID + int.from_bytes(hashlib.sha256(owner.encode()).digest()[:8]) % _UIDS


async def _undo(
    spawning: asyncio.Task[asyncio.subprocess.Process], first: _FirstProcess | None, group: ControlGroup | None
) -> None:
    """Leave nothing of a start that was broken off, however far it came.

    Bubblewrap's child does not die with its parent from the first, so the whole process group is killed.
    """
    with contextlib.suppress(OSError):
        process = await spawning
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        if first is not None:
            first.end()
        await process.wait()
    if group is not None:
        group.remove()


async def _reader(number: int) -> asyncio.StreamReader:
    """Return a bounded reader of a pipe; a flood waits in the pipe, not in our memory."""
    reader = asyncio.StreamReader(limit=_OUTPUT_LIMIT)
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(number, "rb", 0))
    return reader


class _Descriptors:
    """File descriptors of ours that are closed at the end, unless closed or released before."""

    def __init__(self) -> None:
        self._open: set[int] = set()

    def __enter__(self) -> "_Descriptors":
        return self

    def __exit__(self, *_: object) -> None:
        self.close(*self._open)

    def add(self, number: int) -> int:
        self._open.add(number)
        return number

    def pipe(self) -> tuple[int, int]:
        read, write = os.pipe()
        return self.add(read), self.add(write)

    def release(self, number: int) -> int:
        self._open.discard(number)
        return number

    def close(self, *numbers: int) -> None:
        for number in numbers:
            self._open.discard(number)
            os.close(number)


class _DataFiles:
    """Contents that bubblewrap reads from file descriptors: the filter, and small files for the sandbox."""

    def __init__(self, ours: _Descriptors) -> None:
        self._ours = ours
        self.numbers: list[int] = []

    def add(self, content: bytes) -> str:
        """Return the number of a descriptor from which the content can be read."""
        number = self._ours.add(os.memfd_create("bailiwick"))
        os.write(number, content)
        os.lseek(number, 0, os.SEEK_SET)
        self.numbers.append(number)
        return str(number)


def _ingress_numbers(spec: SandboxSpec) -> list[int]:
    return [spec.ingress.fileno()] if spec.ingress is not None else []


def _bubblewrap_command(
    spec: SandboxSpec, runtime: Runtime, data: _DataFiles, status_write: int, gate_read: int
) -> list[str]:
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxUnavailableError("bubblewrap is not installed", hint="apt-get install bubblewrap")
    hosts = "127.0.0.1 localhost\n" + "".join(f"{plant.address} {plant.name}\n" for plant in spec.plants)
    command = [program, "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"]
    command += ["--uid", _INNER_ID, "--gid", _INNER_ID, "--cap-drop", "ALL", "--hostname", "app"]
    command += ["--ro-bind", str(runtime.root), "/", "--proc", "/proc", "--dev", "/dev"]
    command += ["--size", str(spec.limits.disk_bytes), "--tmpfs", "/tmp"]  # noqa: S108 - the sandbox's own
    for mount in spec.mounts:
        command += ["--ro-bind", str(mount.source), mount.target]
    command += ["--ro-bind-data", data.add(hosts.encode()), "/etc/hosts", "--remount-ro", "/"]
    command += ["--seccomp", data.add(filter_program()), "--chdir", spec.working_directory]
    for name, value in _environment(spec, runtime).items():
        command += ["--setenv", name, value]
    command += ["--info-fd", str(status_write), "--block-fd", str(gate_read), "--"]
    ingress = ",".join(map(str, _ingress_numbers(spec)))
    stage = [runtime.python, "-I", "-S", "-B", "/.bailiwick/stage.py", ingress]
    return [*command, *stage, *spec.command]


def _environment(spec: SandboxSpec, runtime: Runtime) -> dict[str, str]:
    own = {
        "PATH": f"/usr/bin:/bin:{Path(runtime.python).parent}",
        "HOME": "/tmp",  # noqa: S108 - the sandbox's own
        "TMPDIR": "/tmp",  # noqa: S108
        "LANG": "C.UTF-8",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }
    return own | dict(spec.environment)


async def _spawn(
    command: list[str],
    spec: SandboxSpec,
    uid: int | None,
    group: ControlGroup | None,
    handed: list[int],
    output: int,
) -> asyncio.subprocess.Process:
    """Start bubblewrap as the owner, inside the groups, with nothing of our environment."""
    becoming: list[str] = []
    if uid is not None:
        becoming = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs", "--"]
    limits = _rlimits(spec.limits, by_group=group is not None)
    entries = [str(file) for file in group.entry_files] if group is not None else []
    arguments = ["/bin/sh", "-c", *_ENTER, *entries, "--", "prlimit", *limits, "--", *becoming, *command]
    return await asyncio.create_subprocess_exec(
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        cwd="/",
        pass_fds=handed,
        start_new_session=True,
    )


def _rlimits(limits: Limits, *, by_group: bool) -> list[str]:
    """Return prlimit(1)'s options; without control groups the memory limit is one for each process."""
    options = [f"--nofile={limits.open_files}", "--core=0", f"--fsize={limits.disk_bytes}"]
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


async def _started(status_read: int, output: asyncio.StreamReader) -> int:
    """Return the pid of the sandbox's first process, once bubblewrap says it; raise with its words when it fails."""
    loop = asyncio.get_running_loop()
    content = b""
    deadline = loop.time() + _START_SECONDS
    os.set_blocking(status_read, False)
    while not content.rstrip().endswith(b"}"):
        try:
            piece = os.read(status_read, 4096)
        except BlockingIOError:
            if loop.time() > deadline:
                raise SandboxStartError("the sandbox did not start in time") from None
            await asyncio.sleep(0.001)
            continue
        if not piece:
            raise _failure((await output.read(2000)).decode(errors="replace").strip())
        content += piece
    return int(json.loads(content)["child-pid"])


def _failure(words: str) -> SandboxUnavailableError | SandboxStartError:
    if "user namespace" in words or "No permissions to create" in words or "uid map" in words:
        hint = "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1, or give bwrap an AppArmor profile"
        return SandboxUnavailableError(f"this host does not let us make namespaces: {words[:200]}", hint=hint)
    hint = "the state directory and every one above it must be open to other uids (chmod o+x)"
    return SandboxStartError(f"the sandbox did not start: {words[:300]}", hint=hint if "ermission" in words else "")


async def _plant(spec: SandboxSpec, runtime: Runtime, pid: int, uid: int | None) -> dict[Plant, socket.socket]:
    """Have a helper of the owner's uid open the sockets inside, and take them over."""
    if not spec.plants:
        return {}
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours, theirs:
        order = {"pid": pid, "plants": [[plant.address, plant.port, plant.protocol] for plant in spec.plants]}
        helper = await asyncio.create_subprocess_exec(
            *([] if uid is None else ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--"]),
            str(runtime.outside_python), "-I", "-S", "-B", str(runtime.root / ".bailiwick" / "plant.py"),
            str(theirs.fileno()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LD_LIBRARY_PATH": str(runtime.outside_libraries)},
            pass_fds=[theirs.fileno()],
        )  # fmt: skip
        try:
            _, words = await helper.communicate(json.dumps(order).encode())
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                helper.kill()
            await helper.wait()
            raise
        if helper.returncode != 0:
            raise SandboxStartError(f"sockets could not be planted: {words.decode(errors='replace').strip()[-300:]}")
        return dict(zip(spec.plants, _received(ours, len(spec.plants)), strict=True))


def _received(handover: socket.socket, count: int) -> list[socket.socket]:
    numbers = array.array("i")
    _, ancillary, _, _ = handover.recvmsg(64, socket.CMSG_SPACE(count * numbers.itemsize))
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
    planted = [socket.socket(fileno=number) for number in numbers]
    for item in planted:
        item.setblocking(False)
    return planted

"""Starts a sandbox: an own uid, namespaces by bubblewrap, what its level adds, limits, and planted sockets."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
from dataclasses import dataclass, replace

from bailiwick.dataplane.sandbox import pausing
from bailiwick.dataplane.sandbox.call_watch import CallWatch, RefusedCall, can_watch
from bailiwick.dataplane.sandbox.cgroups import ControlGroup, make_group
from bailiwick.dataplane.sandbox.command import PROCESS
from bailiwick.dataplane.sandbox.descriptors import DataFiles, Descriptors
from bailiwick.dataplane.sandbox.errors import SandboxStartError, SandboxUnavailableError
from bailiwick.dataplane.sandbox.gauge import Gauge
from bailiwick.dataplane.sandbox.guard import Guard
from bailiwick.dataplane.sandbox.gvisor_command import GVISOR
from bailiwick.dataplane.sandbox.ingress import InnerIngress, listen, new_name
from bailiwick.dataplane.sandbox.mechanism import Handed, Mechanism
from bailiwick.dataplane.sandbox.model import Exit, Plant, Reached, SandboxSpec, Usage
from bailiwick.dataplane.sandbox.planting import plant_sockets
from bailiwick.dataplane.sandbox.runtime import Runtime
from bailiwick.dataplane.sandbox.uids import uid_of

_START_SECONDS = 20.0
_KILL_SECONDS = 5.0
_OUTPUT_LIMIT = 256 * 1024
_SAFE_ID = re.compile(r"[A-Za-z0-9_.-]{1,80}")
# Waits for the word that a guard is there, enters the control groups, sets limits, becomes the owner's uid and then
# bubblewrap: each before the next.
_ENTER = (
    'read -r go || exit 125; while [ "$1" != -- ]; do echo 0 > "$1" || exit 125; shift; done; shift\n'
    'exec "$@" </dev/null',
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
    _guard: Guard
    _group: ControlGroup | None
    _gauge: Gauge
    _made_of: list[str]
    _calls: CallWatch | None = None
    _ingress: InnerIngress | None = None

    @property
    def controls(self) -> str:
        """How the limits are enforced here: by control groups or by rlimits only."""
        return "rlimits" if self._group is None else f"cgroup v{self._group.version}"

    @property
    def walls(self) -> str:
        """What it is made of here, for whoever has to rely on it."""
        return ", ".join([*self._made_of, self.controls])

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._process.returncode is not None

    def pause(self) -> None:
        """Stop all that runs in it where it is; what it waits for, it waits for."""
        if not self.is_over:
            pausing.pause(self.inner_pid)

    def resume(self) -> None:
        """Let what was paused go on."""
        if not self.is_over:
            pausing.resume(self.inner_pid)

    async def wait(self) -> Exit:
        """Wait for the end and say how it came."""
        code = await self._process.wait()
        self._first.end()
        self._guard.dismiss()
        if self._calls is not None:
            self._calls.close()
        reached = self._gauge.broken() if code else None
        if self._group is not None:
            self._group.remove()
        return Exit(code if code >= 0 else 128 - code, self._gauge.words_of(reached), reached)

    async def kill(self) -> None:
        """End it now, every process in it: the death of a process namespace's first process is that of all."""
        self._first.kill()
        try:
            # Bubblewrap ends after the namespace's first process, and that one after all the others. Python 3.11's
            # `wait_for` may lose that whoever calls this is told to end, when what it waits for has ended just then.
            async with asyncio.timeout(_KILL_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def usage(self) -> Usage:
        """Return what it uses now; zeros where the host lends no control groups."""
        return self._group.usage() if self._group is not None else Usage(0, 0.0, 0)

    def reached(self) -> list[Reached]:
        """Return which limits were run into since this was last asked."""
        return self._gauge.reached() if not self.is_over else []

    def refused_calls(self) -> list[RefusedCall]:
        """Return the system calls that were refused since this was last asked."""
        return self._calls.take() if self._calls is not None else []

    def close(self) -> None:
        """Close the planted sockets, and the way to the one that it serves."""
        if self._ingress is not None:
            self._ingress.close()
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
    mechanism = _mechanism_of(spec)
    uid = uid_of(spec.owner)
    with Descriptors() as ours:
        status_read, status_write = ours.pipe()
        gate_read, gate_write = ours.pipe()
        output_read, output_write = ours.pipe()
        door, way_out = (None, None) if mechanism.own_kernel else _door(ours)
        handed = _handed(spec, mechanism, Handed(DataFiles(ours), status_write, gate_read, way_out), ours)
        command = mechanism.command(spec, runtime, handed)
        guard = Guard()
        group = make_group(spec.id, mechanism.group_limits(spec.limits), tenant=spec.tenant, together=spec.together)
        if group is None and spec.together.limits_something:
            guard.dismiss()
            raise SandboxUnavailableError(
                "what all apps may use together cannot be limited here: this host lends no control groups for it, "
                "or more is in use already",
                hint="start the plane as root, or take all_apps out of its settings",
            )
        limited = ["prlimit", *mechanism.rlimits(spec, group is not None), "--", *_becoming(uid), *command]
        spawning = asyncio.create_task(_spawn(limited, group, guard, handed.numbers, output_write))
        first: _FirstProcess | None = None
        ingress: InnerIngress | None = None
        try:
            process = await asyncio.shield(spawning)
            ours.close(status_write, output_write, *([] if way_out is None else [way_out]))
            output = await _reader(ours.release(output_read))
            inner_pid = await _started(status_read, output)
            # It waits for our word and bubblewrap for its end, so the number is still its own.
            first = _FirstProcess(inner_pid)
            planted = await plant_sockets(spec, runtime, inner_pid, uid, mechanism)
            if spec.ingress is not None and handed.ingress_name:
                ingress = InnerIngress(spec.ingress, inner_pid, mechanism.root, handed.ingress_name)
            os.write(gate_write, b"1")
        except BaseException:
            await _undo(spawning, first, guard, group)
            raise
        calls = (
            CallWatch(socket.socket(fileno=ours.release(door)), starts=not spec.programs) if door is not None else None
        )
    gauge = Gauge(spec, group, inner_pid, root=mechanism.root, sees_files=not mechanism.own_kernel)
    return Sandbox(
        spec, planted, output, inner_pid, first, process, guard, group, gauge, mechanism.walls(spec), calls, ingress
    )  # fmt: skip


def _mechanism_of(spec: SandboxSpec) -> Mechanism:
    """Return how a sandbox of its level is made; there is no other that would do as well."""
    if spec.level == "gvisor":
        return GVISOR
    if spec.level != "process":
        raise SandboxUnavailableError(f"sandboxes of the level {spec.level} are not made here")
    if not spec.programs and not can_watch():
        raise SandboxUnavailableError(
            "this kernel cannot take the right to start programs from an app that runs on Node",
            hint="run this plane on Linux 5.5 or later, with seccomp's user notifications",
        )
    return PROCESS


def _handed(spec: SandboxSpec, mechanism: Mechanism, handed: Handed, ours: Descriptors) -> Handed:
    """Return what is handed to the start, with the socket to serve, when there is one."""
    if spec.ingress is None:
        return handed
    if mechanism.own_kernel:
        return replace(handed, ingress_name=new_name())
    return replace(handed, ingress=ours.add(listen(spec.ingress).detach()))


def _becoming(uid: int | None) -> list[str]:
    """Return the command that becomes the owner."""
    if uid is None:
        return []
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs", "--"]


def _door(ours: Descriptors) -> tuple[int | None, int | None]:
    """Return both ends of the socket through which a listener of refused calls comes out, where there are such."""
    if not can_watch():
        return None, None
    inside, outside = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    return ours.add(outside.detach()), ours.add(inside.detach())


async def _undo(
    spawning: asyncio.Task[asyncio.subprocess.Process],
    first: _FirstProcess | None,
    guard: Guard,
    group: ControlGroup | None,
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
    guard.dismiss()
    if group is not None:
        group.remove()


async def _reader(number: int) -> asyncio.StreamReader:
    """Return a bounded reader of a pipe; a flood waits in the pipe, not in our memory."""
    reader = asyncio.StreamReader(limit=_OUTPUT_LIMIT)
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(number, "rb", 0))
    return reader


async def _spawn(
    command: list[str], group: ControlGroup | None, guard: Guard, handed: list[int], output: int
) -> asyncio.subprocess.Process:
    """Start bubblewrap as the owner, inside the groups, under guard, with nothing of our environment."""
    entries = [str(file) for file in group.entry_files] if group is not None else []
    arguments = ["/bin/sh", "-c", *_ENTER, *entries, "--", *command]
    process = await asyncio.create_subprocess_exec(
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=output,
        stderr=output,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        cwd="/",
        pass_fds=handed,
        start_new_session=True,
    )
    guard.watch(process.pid)
    assert process.stdin is not None  # noqa: S101 - it was asked for
    process.stdin.write(b"go\n")
    process.stdin.close()
    return process


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

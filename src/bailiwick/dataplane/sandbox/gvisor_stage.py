"""The first program inside gVisor: limits that its kernel keeps, the socket to serve, the filter of system calls, then
the command, as the uid that apps have at every level. Standard library only.

It stays, as the first process of its kernel: it waits for what the command leaves behind, ends with the command, and
passes its output on. A program that waits for its write expects all of it to be taken; of a pipe of the host, gVisor
takes what fits into it at once.

It runs from the sandbox's own runtime, so it can import nothing of Bailiwick. It is uid 0 of a kernel that is the
sandbox's alone; outside, all of that is the owner's uid, with no right over anything.
"""

import base64
import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import struct
import sys
from pathlib import Path
from typing import NoReturn

_CLONE_NEWUSER = 0x10000000
_READ_ONLY, _NOSUID, _NODEV, _BIND = 1, 2, 4, 4096  # mount(2)
_DETACH = 2  # umount2(2)
_INNER_ID = 1000
_INGRESS_FD, _HIGHEST_FD = 3, 4096
_BACKLOG = 256
_DEVICES = frozenset({"null", "zero", "random", "urandom", "fd", "stdin", "stdout", "stderr", "shm"})
_SET_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER, _DROP_FROM_BOUNDING = 38, 22, 2, 24  # prctl(2)
_LAST_CAPABILITY = 63
_CAPABILITY_VERSION = 0x20080522  # _LINUX_CAPABILITY_VERSION_3, capset(2)
_PIECE = 1 << 16

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        sys.exit(f"sandbox: {what}: {os.strerror(ctypes.get_errno())}")


def _mount(kind: str, target: str, flags: int, options: str) -> None:
    _checked(_libc.mount(b"none", target.encode(), kind.encode(), flags, options.encode()), f"mount {target}")


def limit_processes(most: int) -> int:
    """Let there be so many processes and threads in a group; return the file by which one enters it.

    The caller hides where it lies.
    """
    _mount("cgroup", "/sys", 0, "pids")
    group = Path("/sys/bailiwick")
    group.mkdir()
    (group / "pids.max").write_text(str(most))
    return os.open(group / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)


def describe_machine(files: dict[str, str], empty_folders: list[str]) -> None:
    """Let /proc say of the machine what it says at every level, and /sys nothing."""
    kept = Path("/sys")
    _mount("tmpfs", "/sys", _NOSUID | _NODEV, "size=64k")
    for name, content in files.items():
        target = Path("/proc", name)
        if target.is_file():
            (kept / name).write_text(content)
            (kept / name).chmod(0o444)
            _checked(_libc.mount(bytes(kept / name), bytes(target), None, _BIND, None), f"mount {target}")
    for target in (Path("/proc", name) for name in empty_folders):
        if target.is_dir():
            _mount("tmpfs", str(target), _READ_ONLY | _NOSUID | _NODEV, "size=4096")
    _mount("tmpfs", "/sys", _READ_ONLY | _NOSUID | _NODEV, "size=4096")


def tidy_devices() -> None:
    """Leave the devices that apps have at every level."""
    with contextlib.suppress(OSError):
        _libc.umount2(b"/dev/pts", _DETACH)
    for entry in Path("/dev").iterdir():
        if entry.name not in _DEVICES:
            with contextlib.suppress(OSError):
                entry.rmdir() if entry.is_dir() else entry.unlink()


def open_ingress(path: str) -> None:
    """Listen at a path, on descriptor 3; nothing else stays open."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    Path(path).chmod(0o600)
    listener.listen(_BACKLOG)
    number = listener.detach()
    if number != _INGRESS_FD:
        os.dup2(number, _INGRESS_FD)
    os.set_inheritable(_INGRESS_FD, True)


def become_lesser() -> None:
    """Become the uid of apps in a user namespace of its own: files outside have one owner, who is then that one."""
    _checked(_libc.unshare(_CLONE_NEWUSER), "unshare")
    own = Path("/proc/self")
    with contextlib.suppress(OSError):  # some versions ask for it, others know no such file
        (own / "setgroups").write_text("deny")
    for kind in ("uid", "gid"):
        (own / f"{kind}_map").write_text(f"{_INNER_ID} 0 1")
    for capability in range(_LAST_CAPABILITY + 1):
        _libc.prctl(_DROP_FROM_BOUNDING, capability, 0, 0, 0)


def give_up_rights() -> None:
    """Keep none of the rights that this began with."""
    header, nothing = struct.pack("Ii", _CAPABILITY_VERSION, 0), bytes(24)
    _checked(_libc.capset(header, nothing), "capset")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def filter_calls(content: bytes) -> None:
    """Refuse what apps may not call at any level: the kernel inside would let it pass."""
    program = _Program(len(content) // 8, content)
    _checked(_libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no new privileges")
    _checked(_libc.prctl(_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0), "the filter of system calls")


def become(command: list[str], calls: bytes) -> NoReturn:
    """Become the command, without rights."""
    become_lesser()
    filter_calls(calls)
    try:
        os.execvp(command[0], command)  # noqa: S606 - becoming the command is the point
    except OSError as fault:
        sys.stderr.write(f"sandbox: cannot run {command[0]}: {fault.strerror}\n")
        sys.exit(127 if isinstance(fault, FileNotFoundError) else 126)


def start(command: list[str], calls: bytes, group: int, output: int, *, serves: bool) -> int:
    """Start the command in a process of its own, within its limits; return its number."""
    pid = os.fork()
    if pid != 0:
        return pid
    os.setsid()
    os.write(group, b"0")
    for number in (1, 2):
        os.dup2(output, number)
    os.closerange(_INGRESS_FD + serves, _HIGHEST_FD)
    become(command, calls)


def attend(child: int, output: int) -> int:
    """Pass on what is written, wait for whoever ends, and return how the child did, as a shell says it."""
    woken, wake = os.pipe()
    for number in (woken, wake, output):
        os.set_blocking(number, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    waiting = select.poll()
    for number in (woken, output):
        waiting.register(number, select.POLLIN)
    status = _reaped(child)  # it may have ended before anybody was to be woken
    while status is None:
        for number, _ in waiting.poll():
            if number == woken:
                os.read(woken, _PIECE)
                status = _reaped(child)
            elif not _passed_on(output):
                waiting.unregister(output)
    while _passed_on(output):
        pass
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def _reaped(child: int) -> int | None:
    """Wait for all that has ended; return the status of the child if that is among it."""
    status = None
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0] != 0:
            if found[0] == child:
                status = found[1]
    return status


def _passed_on(output: int) -> bool:
    """Pass a piece on, all of it; return whether there was one."""
    try:
        piece = os.read(output, _PIECE)
    except BlockingIOError:
        return False
    room = select.poll()
    room.register(1, select.POLLOUT)
    left = memoryview(piece)
    while left:
        room.poll()
        with contextlib.suppress(BlockingIOError):
            left = left[os.write(1, left) :]
    return bool(piece)


def main() -> None:
    """Set all up and start the command; the first argument says what, as JSON."""
    order, command = json.loads(sys.argv[1]), sys.argv[2:]
    if order["ingress"]:
        open_ingress(order["ingress"])  # first, as it takes a number that others would have
    group = limit_processes(order["processes"])
    describe_machine(order["files"], order["empty_folders"])
    tidy_devices()
    output, written = os.pipe()
    child = start(command, base64.b64decode(order["filter"]), group, written, serves=bool(order["ingress"]))
    os.closerange(_INGRESS_FD, output)
    os.closerange(output + 1, _HIGHEST_FD)
    give_up_rights()
    sys.exit(attend(child, output))


if __name__ == "__main__":
    main()

"""The first program inside gVisor: limits that its kernel keeps, the socket to serve, the filter of system calls, then
the command, as the uid that apps have at every level. Standard library only.

It runs from the sandbox's own runtime, so it can import nothing of Bailiwick. It is uid 0 of a kernel that is the
sandbox's alone; outside, all of that is the owner's uid, with no right over anything.
"""

import base64
import contextlib
import ctypes
import json
import os
import socket
import sys
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_READ_ONLY, _NOSUID, _NODEV, _BIND = 1, 2, 4, 4096  # mount(2)
_DETACH = 2  # umount2(2)
_INNER_ID = 1000
_INGRESS_FD, _HIGHEST_FD = 3, 4096
_BACKLOG = 256
_DEVICES = frozenset({"null", "zero", "random", "urandom", "fd", "stdin", "stdout", "stderr", "shm"})
_SET_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER, _DROP_FROM_BOUNDING = 38, 22, 2, 24  # prctl(2)
_LAST_CAPABILITY = 63

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        sys.exit(f"sandbox: {what}: {os.strerror(ctypes.get_errno())}")


def _mount(kind: str, target: str, flags: int, options: str) -> None:
    _checked(_libc.mount(b"none", target.encode(), kind.encode(), flags, options.encode()), f"mount {target}")


def limit_processes(most: int) -> None:
    """Let there be so many processes and threads; the caller hides where that is said."""
    _mount("cgroup", "/sys", 0, "pids")
    group = Path("/sys/bailiwick")
    group.mkdir()
    (group / "pids.max").write_text(str(most))
    (group / "cgroup.procs").write_text("0")


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


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def filter_calls(content: bytes) -> None:
    """Refuse what apps may not call at any level: the kernel inside would let it pass."""
    program = _Program(len(content) // 8, content)
    _checked(_libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no new privileges")
    _checked(_libc.prctl(_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0), "the filter of system calls")


def main() -> None:
    """Set all up and become the command; the first argument says what, as JSON."""
    order, command = json.loads(sys.argv[1]), sys.argv[2:]
    limit_processes(order["processes"])
    describe_machine(order["files"], order["empty_folders"])
    tidy_devices()
    if order["ingress"]:
        open_ingress(order["ingress"])
    os.closerange(_INGRESS_FD + bool(order["ingress"]), _HIGHEST_FD)
    become_lesser()
    filter_calls(base64.b64decode(order["filter"]))
    try:
        os.execvp(command[0], command)  # noqa: S606 - becoming the command is the point
    except OSError as fault:
        sys.stderr.write(f"sandbox: cannot run {command[0]}: {fault.strerror}\n")
        sys.exit(127 if isinstance(fault, FileNotFoundError) else 126)


if __name__ == "__main__":
    main()

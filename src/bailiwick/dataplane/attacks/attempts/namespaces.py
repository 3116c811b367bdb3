"""Attempts to make or enter namespaces, and to mount: whoever owns a namespace has every capability in it."""

import contextlib
import ctypes
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bailiwick.dataplane.attacks.attempts.model import LIBRARY, Attempt, Bait, call, in_child, reaches_kernel

_CLONE, _CLONE3, _UNSHARE, _SETNS, _MOUNT, _UMOUNT, _PIVOT, _CHROOT = 56, 435, 272, 308, 165, 166, 155, 161
_OPEN_TREE, _MOVE_MOUNT, _FSOPEN, _FSCONFIG, _FSMOUNT, _FSPICK, _MOUNT_SETATTR = 428, 429, 430, 431, 432, 433, 442
_SET_HOST_NAME, _SET_DOMAIN_NAME = 170, 171
_USER, _SIGCHLD = 0x10000000, 17
_KINDS = {
    "user": 0, "mount": 0x00020000, "cgroup": 0x02000000, "uts": 0x04000000, "ipc": 0x08000000, "pid": 0x20000000,
    "network": 0x40000000,
}  # fmt: skip
_TIME = 0x80
_BIND = 4096


class _CloneArguments(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("rest", ctypes.c_uint64 * 3), ("exit_signal", ctypes.c_uint64),
                ("more", ctypes.c_uint64 * 6))  # fmt: skip


def _unshared(flags: int, _: Bait) -> bool:
    return in_child(lambda: call(_UNSHARE, flags) == 0)


def _cloned(flags: int, _: Bait) -> bool:
    pid = call(_CLONE, flags | _SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return True


def _cloned_anew(flags: int, _: Bait) -> bool:
    arguments = _CloneArguments(flags=flags, exit_signal=_SIGCHLD)
    pid = call(_CLONE3, ctypes.byref(arguments), ctypes.sizeof(arguments))
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return True


def _with_capabilities(work: Callable[[], object], _: Bait) -> bool:
    """Whether something works for whoever first makes a user namespace, or without, where that is refused."""

    uid, gid = os.geteuid(), os.getegid()

    def run() -> bool:
        LIBRARY.syscall(_UNSHARE, _USER | _KINDS["mount"] | _KINDS["uts"])
        for name, content in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            with contextlib.suppress(OSError):
                Path(f"/proc/self/{name}").write_text(content)
        LIBRARY.syscall(_MOUNT, b"none", b"/", None, 0x44000, None)  # private from here on
        return work() is not False

    return in_child(run)


def _mounted(source: bytes, kind: bytes | None, flags: int) -> None:
    call(_MOUNT, source, b"/tmp", kind, flags, None)


def _pivoted() -> None:
    _mounted(b"none", b"tmpfs", 0)
    Path("/tmp/old").mkdir()
    call(_PIVOT, b"/tmp", b"/tmp/old")


def _attribute_set() -> None:
    attributes = (ctypes.c_uint64 * 4)(1, 0, 0, 0)
    call(_MOUNT_SETATTR, -100, b"/", 0, attributes, ctypes.sizeof(attributes))


def _tree_cloned() -> None:
    call(_OPEN_TREE, -100, b"/", 0x8001)  # a copy, with all below


def _opened(kind: str, bait: Bait) -> bool:
    return os.open(f"/proc/{bait.pid}/ns/{kind}", os.O_RDONLY) > 0


def _entered(kind: str, flag: int, _: Bait) -> bool:
    """Whether a namespace can be entered: one of its own, made before, where that is let."""

    def run() -> bool:
        LIBRARY.syscall(_UNSHARE, _USER | flag)
        return reaches_kernel(_SETNS, os.open(f"/proc/self/ns/{kind}", os.O_RDONLY), 0)

    return in_child(run)


def _attempts() -> Iterator[Attempt]:
    for kind, flag in _KINDS.items():
        flags = _USER | flag
        yield Attempt("namespaces", f"make a {kind} namespace by unshare", partial(_unshared, flags))
        yield Attempt("namespaces", f"make a {kind} namespace by clone", partial(_cloned, flags))
        yield Attempt("namespaces", f"make a {kind} namespace by clone3", partial(_cloned_anew, flags))
    yield Attempt("namespaces", "make a time namespace", partial(_unshared, _USER | _TIME))
    for kind, name in (("user", "user"), ("net", "network"), ("mnt", "mount"), ("uts", "uts"), ("ipc", "ipc")):
        yield Attempt("namespaces", f"enter a {name} namespace", partial(_entered, kind, _KINDS[name]))
        yield Attempt("namespaces", f"open the {name} namespace of a process outside", partial(_opened, kind))
    mounting: dict[str, Callable[[], object]] = {
        "a new file system": lambda: _mounted(b"none", b"tmpfs", 0),
        "a folder of the host elsewhere": lambda: _mounted(b"/usr", None, _BIND),
        "the processes anew": lambda: _mounted(b"/proc", None, _BIND | 16384),
        "over the root, and leave it": _pivoted,
        "by a handle of a file system": lambda: call(_FSOPEN, b"tmpfs", 0),
        "what was mounted a second time": _tree_cloned,
    }
    yield from (
        Attempt("mounts", f"mount {name}", partial(_with_capabilities, work)) for name, work in mounting.items()
    )
    yield Attempt("mounts", "change a mount's rights", partial(_with_capabilities, _attribute_set))
    yield Attempt("mounts", "change the root", partial(_with_capabilities, lambda: call(_CHROOT, b"/tmp")))
    yield Attempt("mounts", "unmount", lambda _: in_child(_reached_unmount))
    for name, number in (
        ("move_mount", _MOVE_MOUNT),
        ("fsconfig", _FSCONFIG),
        ("fspick", _FSPICK),
        ("fsmount", _FSMOUNT),
    ):
        yield Attempt(
            "mounts",
            f"ask the kernel for {name}",
            partial(_with_capabilities, partial(reaches_kernel, number, -1, 0, 0, -1, 0)),
        )
    for name, number in (("host", _SET_HOST_NAME), ("domain", _SET_DOMAIN_NAME)):
        yield Attempt("host", f"set the {name}'s name", partial(_with_capabilities, partial(call, number, b"mine", 4)))


def _reached_unmount() -> bool:
    LIBRARY.syscall(_UNSHARE, _USER | _KINDS["mount"])
    return reaches_kernel(_UMOUNT, b"/not/there", 0)


ATTEMPTS = tuple(_attempts())

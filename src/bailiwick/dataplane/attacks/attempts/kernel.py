"""Attempts on the kernel: calls that apps have no need of, and ways to make a call that the filter does not see."""

import ctypes
import mmap
from collections.abc import Iterator
from functools import partial

from bailiwick.dataplane.attacks.attempts.model import LIBRARY, Attempt, Bait, call, in_child, reaches_kernel

_IOCTL, _SECCOMP = 16, 317
# On x86-64 (syscalls(2)): what the kernel answers to nonsense shows that the call came through.
_CALLS: dict[str, tuple[int, ...]] = {
    "bpf": (321, 9999, 0, 0), "perf_event_open": (298, 0, 0, -1, -1, 0), "userfaultfd": (323, 1),
    "io_uring_setup": (425, 1, 0), "io_uring_enter": (426, -1, 0, 0, 0, 0, 0), "io_uring_register": (427, -1, 0, 0, 0),
    "keyctl": (250, 0, -3, 0, 0, 0), "add_key": (248, 0, 0, 0, 0, 0), "request_key": (249, 0, 0, 0, 0),
    "fanotify_init": (300, 0x200, 0), "fanotify_mark": (301, -1, 0, 0, 0, 0),
    "io_setup": (206, 1, 0), "io_submit": (209, 0, 1, 0), "io_destroy": (207, 0),

    "mq_open": (240, 0, 0, 0, 0),
    "personality": (135, 0xFFFFFFFF), "modify_ldt": (154, 0, 0, 0), "set_mempolicy": (238, 0, 0, 0),
    "get_mempolicy": (239, 0, 0, 0, 0, 0), "mbind": (237, 0, 0, 0, 0, 0, 0), "migrate_pages": (256, 0, 1, 0, 0),
    "ioprio_set": (251, 1, 0, 0), "sched_setscheduler": (144, 0, 0, 0), "sched_setattr": (314, 0, 0, 0),
    "setxattr": (188, 0, 0, 0, 0, 0), "fsetxattr": (190, -1, 0, 0, 0, 0), "removexattr": (197, 0, 0),
    "chown": (92, 0, -1, -1), "fchownat": (260, -1, 0, -1, -1, 0), "setresuid": (117, -1, -1, -1),
    "setresgid": (119, -1, -1, -1), "setreuid": (113, -1, -1), "setfsuid": (122, -1), "capset": (126, 0, 0),
    "mknod": (133, 0, 0o10600, 0), "sync": (162,), "syncfs": (306, -1),
    "remap_file_pages": (216, 0, 0, 0, 0, 0), "pkey_alloc": (330, 1, 0),
    "process_madvise": (440, -1, 0, 0, 0, 0), "process_mrelease": (448, -1, 0), "memfd_secret": (447, 8),
    "name_to_handle_at": (303, -100, 0, 0, 0, 0), "ustat": (136, 0, 0), "sysfs": (139, 3),
    "clock_adjtime": (305, 99, 0), "sched_setparam": (142, 0, 0), "futimesat": (261, -1, 0, 0),
}  # fmt: skip
# System V's shared memory, semaphores and messages: how one is made, and the call that removes it.
_SYSTEM_V: dict[str, tuple[tuple[int, ...], int]] = {
    "shmget": ((29, 0, 4096, 0o1600), 31),
    "semget": ((64, 0, 1, 0o1600), 66),
    "msgget": ((68, 0, 0o1600), 71),
}
_PUSH, _PASTE = 0x5412, 0x541C  # TIOCSTI, TIOCLINUX
_HIGH = 1 << 32
_READ_WRITE_EXECUTE = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
_GETPID = 39
_X32 = 0x40000000


def _reaches(arguments: tuple[int, ...], _: Bait) -> bool:
    return in_child(lambda: reaches_kernel(arguments[0], *(ctypes.c_long(item) for item in arguments[1:])))


def _made_and_removed(make: tuple[int, ...], remove: int, _: Bait) -> bool:
    return call(remove, call(*make), 0, 0) == 0


def _ioctl(command: int, _: Bait) -> bool:
    return reaches_kernel(_IOCTL, 0, ctypes.c_ulong(command), 0)


def _old_call(code: bytes, _: Bait) -> bool:
    """Whether a call that is made by machine code of another kind, or a number of another table, comes through."""

    def run() -> bool:
        page = mmap.mmap(-1, 4096, prot=_READ_WRITE_EXECUTE)
        page.write(code)
        address = ctypes.addressof(ctypes.c_char.from_buffer(page))
        return int(ctypes.CFUNCTYPE(ctypes.c_int)(address)()) > 0

    return in_child(run)


def _x32(_: Bait) -> bool:
    return in_child(lambda: call(_X32 | _GETPID) > 0)


def _listens(_: Bait) -> bool:
    """Whether a filter can be set whose refusals are answered by whoever set it: it could let itself pass."""
    step = b"\x06\0\0\0\0\0\xff\x7f"

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))

    def run() -> bool:
        LIBRARY.prctl(38, 1, 0, 0, 0)
        return call(_SECCOMP, 1, 8, ctypes.byref(Program(1, step))) >= 0

    return in_child(run)


def _attempts() -> Iterator[Attempt]:
    yield from (Attempt("calls", f"call {name}", partial(_reaches, numbers)) for name, numbers in _CALLS.items())
    for name, (make, remove) in _SYSTEM_V.items():
        yield Attempt("calls", f"call {name}", partial(_made_and_removed, make, remove))
    for name, command in (("type into a terminal", _PUSH), ("paste into a terminal", _PASTE)):
        yield Attempt("calls", name, partial(_ioctl, command))
        yield Attempt("calls", f"{name}, with high bits set", partial(_ioctl, command | _HIGH))
    # mov eax, 20 (getpid of 32 bits); int 0x80; ret
    yield Attempt("calls", "make a call of 32 bits", partial(_old_call, bytes.fromhex("b814000000cd80c3")))
    yield Attempt("calls", "make a call by a number of x32", _x32)
    yield Attempt("calls", "answer the filter itself", _listens)


ATTEMPTS = tuple(_attempts())

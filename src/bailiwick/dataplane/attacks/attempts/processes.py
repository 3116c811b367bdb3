"""Attempts on processes outside, and on rights that an app must not have."""

import ctypes
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bailiwick.dataplane.attacks.attempts.model import Attempt, Bait, call, in_child

_PTRACE, _READ_OTHER, _WRITE_OTHER, _PIDFD_OPEN, _PIDFD_GETFD, _COMPARE = 101, 310, 311, 434, 438, 312
_TGKILL, _QUEUE_SIGNAL, _GET_IO_PRIORITY, _MOVE_PAGES, _PROCESS_MADVISE = 234, 129, 252, 279, 440
_TRACE_ME, _ATTACH, _DETACH, _SEIZE = 0, 16, 17, 0x4206
_SIGNAL_INFO_BYTES = 128


class _Piece(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def _call_on(number: int, *arguments: object) -> Callable[[Bait], bool]:
    """Return an attempt that makes a call about the process outside."""

    def run(bait: Bait) -> bool:
        call(number, *(bait.pid if item == "pid" else item for item in arguments))
        return True

    return run


def _ptrace(request: int, bait: Bait) -> bool:
    def run() -> bool:
        call(_PTRACE, request, bait.pid, 0, 0)
        if request == _ATTACH:
            os.waitpid(bait.pid, 0)
            call(_PTRACE, _DETACH, bait.pid, 0, 0)
        return True

    return in_child(run)


def _own_child(work: Callable[[int], bool]) -> bool:
    pid = os.fork()
    if pid == 0:
        time.sleep(5)
        os._exit(0)
    try:
        return work(pid)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _trace_child(_: Bait) -> bool:
    return _own_child(lambda pid: call(_PTRACE, _SEIZE, pid, 0, 0) == 0)


def _other_memory(number: int, _: Bait) -> bool:
    """Whether the memory of a child can be read or written, as that of any process of the same uid could."""
    mine, theirs = ctypes.create_string_buffer(b"x" * 16), ctypes.create_string_buffer(b"y" * 16)
    here = _Piece(ctypes.addressof(mine), 16)
    there = _Piece(ctypes.addressof(theirs), 16)
    return _own_child(lambda pid: call(number, pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) == 16)


def _take_descriptor(_: Bait) -> bool:
    return call(_PIDFD_GETFD, call(_PIDFD_OPEN, os.getpid(), 0), 0, 0) > 0


def _compare(_: Bait) -> bool:
    return call(_COMPARE, os.getpid(), os.getppid(), 2, 0, 0) >= 0


def _queue(bait: Bait) -> bool:
    info = (ctypes.c_int * (_SIGNAL_INFO_BYTES // 4))(0, 0, -1)
    return call(_QUEUE_SIGNAL, bait.pid, 0, info) == 0


def _signal(bait: Bait) -> bool:
    os.kill(bait.pid, 0)
    return True


def _priority(bait: Bait) -> bool:
    return os.getpriority(os.PRIO_PROCESS, bait.pid) >= -20


def _affinity(bait: Bait) -> bool:
    os.sched_setaffinity(bait.pid, os.sched_getaffinity(bait.pid))
    return True


def _limits(bait: Bait) -> bool:
    return bool(resource.prlimit(bait.pid, resource.RLIMIT_NOFILE))


def _session(bait: Bait) -> bool:
    return os.getsid(bait.pid) >= 0


def _memory_file(bait: Bait) -> bool:
    with open(f"/proc/{bait.pid}/mem", "rb"):
        return True


def _maps(bait: Bait) -> bool:
    return bool(Path(f"/proc/{bait.pid}/maps").read_bytes())


def _status(name: str, nothing: str, _: Bait) -> bool:
    """Whether a line of our own status is another than it must be."""
    lines = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    return lines[name].strip() != nothing


def _unlimited(name: str, least: int, _: Bait) -> bool:
    """Whether a limit can be raised beyond what the sandbox was given."""
    kind = getattr(resource, name)
    _soft, hard = resource.getrlimit(kind)
    wanted = least if hard in (resource.RLIM_INFINITY, -1) or hard >= least else max(hard * 2, 1)
    resource.setrlimit(kind, (wanted, max(wanted, hard)))
    return True


def _attempts() -> Iterator[Attempt]:
    outside: dict[str, Callable[[Bait], bool]] = {
        "send a signal to": _signal, "queue a signal for": _queue, "attach a tracer to": partial(_ptrace, _ATTACH),
        "seize as a tracer": partial(_ptrace, _SEIZE), "hold by a descriptor": _call_on(_PIDFD_OPEN, "pid", 0),
        "signal a thread of": _call_on(_TGKILL, "pid", "pid", 0), "read the priority of": _priority,
        "move to other processors": _affinity, "read the limits of": _limits, "read the session of": _session,
        "open the memory of": _memory_file, "read the map of": _maps,
        "read the priority of input and output of": _call_on(_GET_IO_PRIORITY, 1, "pid"),
        "find the pages of": _call_on(_MOVE_PAGES, "pid", 0, 0, 0, 0, 0),
    }  # fmt: skip
    yield from (Attempt("processes", f"{name} a process outside", run) for name, run in outside.items())
    yield Attempt("processes", "be traced", lambda _: in_child(lambda: call(_PTRACE, _TRACE_ME, 0, 0, 0) == 0))
    yield Attempt("processes", "trace a child", _trace_child)
    yield Attempt("processes", "read the memory of a child", partial(_other_memory, _READ_OTHER))
    yield Attempt("processes", "write the memory of a child", partial(_other_memory, _WRITE_OTHER))
    yield Attempt("processes", "take an open file by its process", _take_descriptor)
    yield Attempt("processes", "compare two processes in the kernel", _compare)
    yield Attempt("rights", "gain rights by a program", partial(_status, "NoNewPrivs", "1"))
    yield Attempt("rights", "have capabilities in its bounding set", partial(_status, "CapBnd", "0" * 16))
    yield Attempt("rights", "run without a filter of system calls", partial(_status, "Seccomp", "2"))
    for name, least in (("RLIMIT_NOFILE", 1024), ("RLIMIT_FSIZE", 1 << 40), ("RLIMIT_CORE", 1 << 20)):
        yield Attempt("rights", f"raise {name}", partial(_unlimited, name, least))


ATTEMPTS = tuple(_attempts())

"""What an attempt is, what it goes for, and the ways in which it is told that it came to nothing."""

import ctypes
import errno
import json
import os
from collections.abc import Callable
from dataclasses import dataclass

LIBRARY = ctypes.CDLL(None, use_errno=True)
# What a filter of system calls answers. Any other fault is the kernel's own: the call came through to it.
_BY_THE_FILTER = frozenset({errno.EPERM, errno.ENOSYS})


@dataclass(frozen=True)
class Bait:
    """What lies outside of the sandbox to be reached, all of it the property of the very uid that the sandbox has.

    `pid` is a process with the secret in its environment and the open file `fd`; `port` is served on the loopback, by
    TCP and UDP, and `abstract` and `socket` as Unix sockets; `other` is what another app keeps, where that can be.
    """

    folder: str
    secret: str
    pid: int
    fd: int
    port: int
    abstract: str
    socket: str
    shared: str
    host: str
    other: str

    @property
    def file(self) -> str:
        """The file with the secret."""
        return f"{self.folder}/secret"

    @classmethod
    def read(cls) -> "Bait":
        """Return what the environment says."""
        return cls(**json.loads(os.environ["BAIT"]))


@dataclass(frozen=True)
class Attempt:
    """One way out. `run` returns whether it led there; an `OSError` says what stood in the way."""

    theme: str
    name: str
    run: Callable[[Bait], bool]


def call(number: int, *arguments: object) -> int:
    """Make a system call; raise `OSError` when it is refused, by whomever."""
    result = int(LIBRARY.syscall(number, *arguments))
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def reaches_kernel(number: int, *arguments: object) -> bool:
    """Whether a call comes through to the kernel, whatever that says of its arguments."""
    result = int(LIBRARY.syscall(number, *arguments))
    fault = ctypes.get_errno()
    if result == -1 and fault in _BY_THE_FILTER:
        raise OSError(fault, os.strerror(fault))
    return True


def in_child(work: Callable[[], bool]) -> bool:
    """Whether something succeeds in a process of its own, which may not come back from it."""
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(0 if work() else 1)
        except OSError as fault:
            os._exit(min(fault.errno or 1, 120) + 1)
        except BaseException:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        raise OSError(errno.EPERM, f"killed by signal {os.WTERMSIG(status)}")
    code = os.WEXITSTATUS(status)
    if code > 1:
        raise OSError(code - 1, os.strerror(code - 1))
    return code == 0

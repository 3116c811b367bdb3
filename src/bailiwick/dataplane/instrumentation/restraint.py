"""Takes the right to start programs from an app before any of its code runs: a second system-call filter (seccomp(2)).

It runs inside the sandbox and imports nothing of Bailiwick. The sandbox's own filter cannot refuse these calls, as the
sandbox starts the interpreter by one of them. A filter is kept for good: nothing that runs later can take it off.

What this filter refuses, no listener hears of. So that the builder does, what Python is about to start is told to the
sandbox's own filter by a call that the kernel does not have. An app that makes it itself lies about itself.
"""

import ctypes
import errno
import platform
import struct
import sys

_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_JMP|JSET|K, BPF_RET|K
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
_CLONE_THREAD = 0x00010000
# As `core/syscalls.PROGRAM_STARTED`, and the audit events of Python that come before a program or process is started.
_PROGRAM_STARTED = 0x3FFFF000
_STARTS = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "pty.spawn"}
)
_SET_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2  # prctl(2)
# AUDIT_ARCH, clone, and what is refused whatever its arguments: execve, execveat, fork, vfork.
_CALLS = {"x86_64": (0xC000003E, 56, (59, 322, 57, 58)), "aarch64": (0xC00000B7, 220, (221, 281))}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def filter_program(machine: str) -> bytes:
    """Return the filter for a machine: threads may be started, processes and programs not."""
    architecture, clone, refused = _CALLS[machine]
    count = len(refused)
    steps = [(_LOAD, 0, 0, _MACHINE), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _REFUSE), (_LOAD, 0, 0, _NUMBER)]
    # Each comparison jumps to the refusal behind: what is left of the list, two for clone, one for its allowing.
    steps += [(_EQUAL, count - place + 4, 0, number) for place, number in enumerate(refused)]
    steps += [
        (_EQUAL, 1, 0, clone),
        (_RETURN, 0, 0, _ALLOW),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_ANY_BIT, 0, 1, _CLONE_THREAD),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def tell_of_programs() -> None:
    """Tell the sandbox's filter whenever Python is about to start a process or a program."""
    call = ctypes.CDLL(None).syscall

    def hook(event: str, _: object) -> None:
        if event in _STARTS:
            call(_PROGRAM_STARTED)

    sys.addaudithook(hook)


def start_no_programs() -> None:
    """Refuse new processes and programs from here on; end the process when that is not possible."""
    try:
        data = filter_program(platform.machine())
        program = _Program(len(data) // 8, data)
        library = ctypes.CDLL(None, use_errno=True)
        done = library.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0
        done = done and library.prctl(_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0) == 0
    except (OSError, KeyError, AttributeError):
        done = False
    if not done:
        sys.exit("the sandbox could not take the right to start programs away, so the app does not start")

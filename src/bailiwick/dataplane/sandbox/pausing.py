"""Pausing a sandbox: all of its processes stop in their tracks, and go on where they were."""

import contextlib
import os
import signal
from pathlib import Path

_KNOWS_CHILDREN = Path("/proc/thread-self/children").exists()
_PASSES = 3  # a process may have been made while the others were being stopped


def pause(first: int) -> None:
    """Stop a process and all below it."""
    seen: set[int] = set()
    for _ in range(_PASSES):
        new = [pid for pid in family(first) if pid not in seen]
        _send(new, signal.SIGSTOP)
        seen.update(new)


def resume(first: int) -> None:
    """Let a process and all below it go on."""
    _send(family(first), signal.SIGCONT)


def _send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def family(first: int) -> list[int]:
    """Return a process and all below it, parents first."""
    found = [first]
    for pid in found:
        found += [child for child in _children(pid) if child not in found]
    return found


def _children(pid: int) -> list[int]:
    """Return the children of all threads of a process (proc_pid_task(5)); a process that is gone has none.

    A kernel without CONFIG_PROC_CHILDREN has no such files; where it has, a look at every process of the host, which
    takes milliseconds, is not needed.
    """
    if not _KNOWS_CHILDREN:
        return [child for child, parent in _parents().items() if parent == pid]
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found += map(int, (thread / "children").read_text().split())
    return found


def _parents() -> dict[int, int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            # The name of the program, in brackets, may hold anything; the parent is the second word after it.
            with contextlib.suppress(OSError, IndexError, ValueError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    return parents

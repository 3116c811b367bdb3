"""Pausing a sandbox: all of its processes stop in their tracks, and go on where they were."""

import contextlib
import os
import signal
from pathlib import Path

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
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            # The name of the program, in brackets, may hold anything; the parent is the second word after it.
            with contextlib.suppress(OSError, IndexError, ValueError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found = [first]
    for pid in found:
        found += children.get(pid, [])
    return found

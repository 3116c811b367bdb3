"""Pausing: all that a process has below it, also what threads of it started, however the kernel tells of children."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bailiwick.dataplane.sandbox import pausing

_TREE = """
import subprocess, sys, threading
started = lambda: subprocess.Popen([sys.executable, "-c", "print('up', flush=True); input()"], stdin=sys.stdin)
thread = threading.Thread(target=lambda: (started(), threading.Event().wait()), daemon=True)
thread.start()
started().wait()
"""


@pytest.mark.req("RT6")
@pytest.mark.parametrize("knows", [True, False])
def test_a_family_is_paused_as_a_whole_and_goes_on(monkeypatch: pytest.MonkeyPatch, knows: bool) -> None:
    monkeypatch.setattr(pausing, "_KNOWS_CHILDREN", knows)
    with subprocess.Popen(
        [sys.executable, "-c", _TREE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert sorted(first.stdout.read(6)) == sorted("up\nup\n")
        everyone = pausing.family(first.pid)
        assert len(everyone) == 3 and everyone[0] == first.pid
        pausing.pause(first.pid)
        _until(lambda: {_state(pid) for pid in everyone} == {"T"})
        pausing.resume(first.pid)
        _until(lambda: "T" not in {_state(pid) for pid in everyone})
        for pid in reversed(everyone):
            os.kill(pid, 9)


def _until(seen: Callable[[], bool]) -> None:
    """Wait until signals have arrived."""
    over = time.monotonic() + 10
    while not seen():
        assert time.monotonic() < over
        time.sleep(0.001)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]

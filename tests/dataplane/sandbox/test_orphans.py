"""Nothing is left of a sandbox when the process that started it is killed, at whatever moment."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bailiwick.dataplane.sandbox import end_abandoned, levels_here

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="what is left is found by the uid that only root gives")
# Starts sandboxes, each from a process of its own, and kills that later each time: while it starts, and after that.
KILLED = """
import asyncio, json, os, signal, sys, time
from pathlib import Path
from bailiwick.dataplane.sandbox import Plant, SandboxSpec, ensure_runtime, launch, uid_of

runtime = ensure_runtime(Path(sys.argv[1]), tools=True)
uid, level, moments, last = uid_of("orphans"), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])

def there():
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and entry.stat().st_uid == uid and (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            pass
    return found

async def start():
    plants = (Plant("orders.internal", "127.1.0.1", 5432),)
    await launch(SandboxSpec("orphan", "orphans", ("sleep", "600"), plants=plants, level=level), runtime)
    await asyncio.sleep(600)

left = {}
for number in range(moments):
    pid = os.fork()
    if pid == 0:
        asyncio.run(start())
    time.sleep(last * number / moments)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    deadline = time.monotonic() + 20  # a busy host ends a hundred threads of runsc slowly
    while there() and time.monotonic() < deadline:
        time.sleep(0.005)
    for orphan in there():
        try:
            left[number] = Path(f"/proc/{orphan}/cmdline").read_text().replace(chr(0), " ")[:80]
            os.kill(orphan, signal.SIGKILL)
        except OSError:
            left.pop(number, None)  # it has just ended
print(json.dumps(left))
"""
ABANDONED = """
import os, subprocess
from bailiwick.dataplane.sandbox.cgroups import make_group
from bailiwick.dataplane.sandbox import Limits

group = make_group("left", Limits())
left = subprocess.Popen(["sleep", "600"], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
for file in group.entry_files:
    file.write_text(str(left.pid))
print(left.pid, group.processes_file.parent)
os._exit(0)
"""


@pytest.fixture(scope="module")
def store() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="bw-runtime-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def run(code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout


@pytest.mark.req("RT1", "DM5")
@pytest.mark.parametrize(("level", "moments", "last"), [("process", "30", "0.2"), ("gvisor", "12", "0.9")])
def test_a_starter_that_is_killed_at_any_moment_leaves_no_process(
    store: Path, level: str, moments: str, last: str
) -> None:
    if level not in levels_here():
        pytest.skip(f"this host has no {level}")
    assert json.loads(run(KILLED, str(store), level, moments, last)) == {}


def _runs(pid: int) -> bool:
    """Whether there is such a process; what has ended and nobody asked after yet is none."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


@pytest.mark.skipif(not Path("/sys/fs/cgroup").exists(), reason="without control groups there is nothing to find")
@pytest.mark.req("RT1", "DM5")
def test_what_a_starter_left_in_its_groups_is_ended_when_a_plane_starts() -> None:
    pid, folder = run(ABANDONED).split()
    assert Path(folder).exists()
    assert end_abandoned() >= 1
    deadline = time.monotonic() + 10
    while Path(folder).exists() and time.monotonic() < deadline:
        end_abandoned()  # a group goes once its last process has
    assert not _runs(int(pid))
    assert not Path(folder).exists()

"""Landlock by itself, without the namespaces around it: what the stage forbids to every process from then on."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from bailiwick.dataplane.sandbox import stage
from bailiwick.dataplane.sandbox.cgroups import make_group
from bailiwick.dataplane.sandbox.landlock import landlock_version
from bailiwick.dataplane.sandbox.model import Limits

CODE = """
import importlib.util, json, os, socket, sys
found = importlib.util.spec_from_file_location("stage", sys.argv[1])
stage = importlib.util.module_from_spec(found)
found.loader.exec_module(stage)
stage._WRITABLE = (sys.argv[2],)
stage.restrict_files()

def tried(work):
    try:
        work()
    except OSError as fault:
        return fault.strerror
    return "done"

own = socket.socket(socket.AF_UNIX)
own.bind("\\0bw-landlock-inside")
own.listen()
child = os.fork()
if child == 0:
    import signal
    signal.pause()
print(json.dumps({
    "write where it may": tried(lambda: open(sys.argv[2] + "/x", "w").write("x")),
    "write elsewhere": tried(lambda: open(sys.argv[3] + "/x", "w")),
    "make a folder": tried(lambda: os.mkdir(sys.argv[3] + "/folder")),
    "cut a file": tried(lambda: os.truncate(sys.argv[3] + "/there", 0)),
    "read elsewhere": tried(lambda: open(sys.argv[3] + "/there").read()),
    "signal outside": tried(lambda: os.kill(os.getppid(), 0)),
    "abstract socket outside": tried(lambda: socket.socket(socket.AF_UNIX).connect("\\0bw-landlock-outside")),
    "abstract socket of its own": tried(lambda: socket.socket(socket.AF_UNIX).connect("\\0bw-landlock-inside")),
    "signal a child": tried(lambda: os.kill(child, 9)),
}))
"""


@pytest.mark.skipif(landlock_version() < 1, reason="the kernel has no Landlock: doctor and the level say so")
@pytest.mark.req("RT1")
def test_landlock_alone_keeps_even_root_from_writing_elsewhere_and_from_reaching_out() -> None:
    with (
        tempfile.TemporaryDirectory() as may,
        tempfile.TemporaryDirectory() as elsewhere,
        socket.socket(socket.AF_UNIX) as outside,
    ):
        (Path(elsewhere) / "there").write_text("there")
        outside.bind("\0bw-landlock-outside")
        outside.listen()
        command = [sys.executable, "-c", textwrap.dedent(CODE), str(stage.__file__), may, elsewhere]
        said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        assert (Path(elsewhere) / "there").read_text() == "there"
    allowed = {"write where it may", "read elsewhere", "abstract socket of its own", "signal a child"}
    scoped = {"signal outside", "abstract socket outside"}
    if landlock_version() < 6:
        allowed |= scoped
    assert {name for name, words in said.items() if words == "done"} == allowed
    assert {said[name] for name in said.keys() - allowed - scoped} == {"Permission denied"}
    assert {said[name] for name in scoped - allowed} <= {"Operation not permitted"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount another hierarchy of control groups")
@pytest.mark.skipif(not Path("/sys/fs/cgroup").exists(), reason="there is no place for one")
@pytest.mark.req("RT6")
def test_a_hierarchy_of_version_2_without_what_limits_need_is_not_taken_for_one() -> None:
    code = """
    from pathlib import Path
    from bailiwick.dataplane.sandbox.cgroups import make_group
    from bailiwick.dataplane.sandbox import Limits
    there = set(Path("/sys/fs/cgroup/cgroup.controllers").read_text().split())
    group = make_group("test", Limits())
    print({"memory", "pids"} <= there, group is not None)
    if group is not None:
        print(group.usage(), group.counters())
        group.remove()
    """
    entered = 'mount -t cgroup2 none /sys/fs/cgroup && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", entered, "sh", sys.executable, "-c", textwrap.dedent(code)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert said[0] in {"False False", "True True"}
    assert not list(Path("/sys/fs/cgroup").glob("unified/bailiwick/test*"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make groups wherever it likes")
@pytest.mark.skipif(not Path("/sys/fs/cgroup").exists(), reason="without control groups there is nothing to find")
@pytest.mark.req("RT6")
def test_a_group_has_the_limits_that_it_was_made_with() -> None:
    group = make_group("test", Limits(memory_bytes=96 * 2**20, processes=16))
    assert group is not None
    name = "memory.max" if group.version == 2 else "memory.limit_in_bytes"
    assert int((group.folders["memory"] / name).read_text()) == 96 * 2**20
    assert int((group.folders["pids"] / "pids.max").read_text()) == 16
    group.remove()
    assert not group.folders["memory"].exists()

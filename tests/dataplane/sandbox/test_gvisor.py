"""The level gvisor: what runs in it sees a kernel of its own, and has what it has at the level process, or less."""

import asyncio
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bailiwick.dataplane.sandbox import (
    Exit,
    LevelRefusedError,
    Limits,
    Plant,
    Runtime,
    Sandbox,
    SandboxSpec,
    SandboxUnavailableError,
    Storage,
    ensure_runtime,
    gvisor,
    gvisor_command,
    launch,
    levels_here,
    require_level,
    uid_of,
)
from bailiwick.faces.cli.main import root

MIB = 2**20
OWNER = "test/gvisor"
missing = gvisor.why_no_gvisor()
here = pytest.mark.skipif(missing is not None, reason=f"no gVisor: {missing}")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can take another uid")
_ANSWERS = f"echo runsc version 1; printf '  -%s\\n' {' '.join(sorted(gvisor._NEEDED))}"
SERVES = """
    import socket
    door = socket.socket(fileno=3)
    while True:
        caller, _ = door.accept()
        caller.sendall(b"inside got " + caller.recv(100))
        caller.close()
"""


@pytest.fixture(scope="module")
def runtime() -> Iterator[Runtime]:
    store = Path(tempfile.mkdtemp(prefix="bw-runtime-"))
    store.chmod(0o755)
    yield ensure_runtime(store, tools=True)
    shutil.rmtree(store)


@asynccontextmanager
async def started(runtime: Runtime, code: str, **fields: object) -> AsyncIterator[Sandbox]:
    """Run Python code in a sandbox, and end it."""
    wanted = {"id": "test", "owner": OWNER, "command": ("python3", "-c", textwrap.dedent(code)), **fields}
    sandbox = await launch(SandboxSpec(**wanted, level="gvisor"), runtime)  # type: ignore[arg-type]
    try:
        async with asyncio.timeout(60):
            yield sandbox
    finally:
        await sandbox.kill()
        await sandbox.wait()
        sandbox.close()


async def python(runtime: Runtime, code: str, **fields: object) -> tuple[str, Exit]:
    async with started(runtime, code, **fields) as sandbox:
        return (await sandbox.output.read()).decode(errors="replace"), await sandbox.wait()


async def asked(path: Path) -> bytes:
    """Return what is answered at a socket, once somebody listens."""
    async with asyncio.timeout(30):
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(str(path))
                break
            except OSError:
                await asyncio.sleep(0.02)
        writer.write(b"this")
        answer = await reader.read()
        writer.close()
        return answer


@here
@pytest.mark.req("RT1", "RT2")
async def test_what_runs_in_it_has_its_own_kernel_and_no_rights(runtime: Runtime) -> None:
    code = """
        import json, os, socket
        def fault(work):
            try:
                work()
            except OSError as fault:
                return type(fault).__name__
        status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
        print(json.dumps({
            "kernel": os.uname().release, "ids": [*os.getresuid(), *os.getresgid()], "groups": os.getgroups(),
            "rights": sorted({status[name].strip() for name in status if name.startswith("Cap")}),
            "filter": status["Seccomp"].strip(), "root": os.listdir("/"), "devices": sorted(os.listdir("/dev")),
            "write": [fault(lambda: open(f"{folder}/x", "w")) for folder in ("", "/usr", "/app", "/etc", "/sys")],
            "outside": fault(lambda: socket.create_connection(("192.0.2.1", 80), 5)),
            "name": socket.gethostname(), "host": fault(lambda: os.stat("/var/lib")),
            "memory": open("/proc/meminfo").readline().split()[1], "sys": os.listdir("/sys"),
            "environment": dict(os.environ), "mount": fault(lambda: os.unlink("/proc/sys/x")),
        }))
    """
    os.environ["LAUNCHER_SECRET"] = "outside"
    try:
        said, ended = await python(runtime, code, limits=Limits(memory_bytes=128 * MIB))
    finally:
        del os.environ["LAUNCHER_SECRET"]
    assert ended.code == 0, said
    found = json.loads(said)
    assert found["kernel"] != platform.release()
    assert found["ids"] == [1000] * 6
    assert found["rights"] == ["0" * 16]
    assert (found["filter"], found["name"], found["sys"]) == ("2", "app", [])
    assert found["devices"] == ["fd", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"]
    assert None not in found["write"] and found["outside"] == "OSError"
    assert (found["host"], found["memory"]) == ("FileNotFoundError", str(128 * 1024))
    assert "LAUNCHER_SECRET" not in found["environment"]


@here
@as_root
@pytest.mark.req("RT1", "RT3")
async def test_outside_all_of_it_is_the_owners_uid_and_a_second_wall(runtime: Runtime) -> None:
    async with started(runtime, "import time; print('up', flush=True); time.sleep(60)") as sandbox:
        await sandbox.output.readline()
        assert sandbox.walls.startswith("gVisor ") and "bubblewrap" in sandbox.walls
        uid = uid_of(OWNER)
        group = sandbox._group
        assert group is not None
        inside = [int(line) for line in group.processes_file.read_text().split()]
        assert len(inside) > 3
        assert {Path(f"/proc/{pid}").stat().st_uid for pid in inside} == {uid}
        for kind in ("net", "mnt", "pid", "user"):
            assert Path(f"/proc/{sandbox.inner_pid}/ns/{kind}").readlink() != Path(f"/proc/self/ns/{kind}").readlink()
        lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in inside]
        assert not any(b"BAILIWICK" in line or b"print(" in line for line in lines)  # what it is asked is not for ps
        await sandbox.kill()
        assert (await sandbox.wait()).code != 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in inside)


@here
@pytest.mark.req("RT1", "RT2")
async def test_it_serves_and_reaches_what_was_planted_and_goes_on_after_a_pause(
    runtime: Runtime, tmp_path: Path
) -> None:
    plant, names = Plant("orders.internal", "127.1.0.1", 5432), Plant("resolver.internal", "127.0.0.53", 53, "udp")
    path = tmp_path / "ingress.sock"
    code = """
        import socket
        opened = socket.create_connection(("orders.internal", 5432))
        print(opened.recv(100).decode(), flush=True)
        packets = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        packets.sendto(b"ask", ("127.0.0.53", 53))
        print(packets.recv(100).decode(), flush=True)
    """
    both = textwrap.dedent(code) + textwrap.dedent(SERVES)
    async with started(runtime, both, plants=(plant, names), ingress=path) as sandbox:
        loop = asyncio.get_running_loop()
        connection, _ = await loop.sock_accept(sandbox.planted[plant])
        with connection:
            await loop.sock_sendall(connection, b"from outside")
        assert await sandbox.output.readline() == b"from outside\n"
        _, sender = await loop.sock_recvfrom(sandbox.planted[names], 100)
        await loop.sock_sendto(sandbox.planted[names], b"an answer", sender)
        assert await sandbox.output.readline() == b"an answer\n"
        assert await asked(path) == b"inside got this"
        sandbox.pause()
        waiting = asyncio.create_task(asked(path))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        sandbox.resume()
        assert await waiting == b"inside got this"
    assert not path.is_symlink()


@here
@pytest.mark.req("RT6")
async def test_more_memory_than_allowed_ends_it_and_the_reason_is_named(runtime: Runtime) -> None:
    code = "kept = []\nwhile True: kept.append(bytearray(b'x' * 2**20))"
    _, ended = await python(runtime, code, limits=Limits(memory_bytes=64 * MIB))
    assert ended.code != 0
    assert ended.broken_limit == "the memory limit of 64 MiB was exceeded"


@here
@pytest.mark.req("RT6")
async def test_processes_files_and_disk_end_where_they_are_to(runtime: Runtime) -> None:
    code = """
        import os, signal, sys, time
        def fault(work):
            try:
                work()
            except OSError as fault:
                print(fault.strerror, flush=True)
        children = []
        def fork():
            while True:
                children.append(os.fork() or time.sleep(60))
        fault(fork)
        print(len(children), flush=True)
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        fault(lambda: [os.open("/dev/null", 0) for _ in range(100)])
        os.closerange(3, 100)
        def fill():
            for number in range(10):
                with open(f"/tmp/{number}", "wb", 0) as file:
                    while file.write(bytes(2**20)) and file.tell() < 2**22:
                        pass
        fault(fill)
        sys.stdin.read()
        time.sleep(60)
    """
    limits = Limits(processes=8, disk_bytes=8 * MIB, open_files=32)
    async with started(runtime, code, limits=limits) as sandbox:
        said = [(await sandbox.output.readline()).decode().strip() for _ in range(4)]
        assert said == [os.strerror(11), "7", os.strerror(24), os.strerror(28)]
        assert [item.words for item in sandbox.reached()] == ["8 MiB of disk reached"]


@here
@pytest.mark.req("RT1")
async def test_without_the_right_to_start_programs_it_has_threads_and_no_processes(runtime: Runtime) -> None:
    code = """
        import os, subprocess, threading
        thread = threading.Thread(target=print, args=("a thread",))
        thread.start()
        thread.join()
        for work in (os.fork, lambda: subprocess.run(["true"]), lambda: os.posix_spawn("/usr/bin/true", ["true"], {})):
            try:
                print("started", work())
            except PermissionError:
                print("refused")
    """
    said, ended = await python(runtime, code, programs=False)
    assert (said.split("\n"), ended.code) == (["a thread", "refused", "refused", "refused", ""], 0)


@here
@pytest.mark.req("RT1", "OB1")
async def test_all_that_it_says_arrives_and_it_ends_as_its_command_does(runtime: Runtime) -> None:
    code = """
        import os, sys
        print(os.getpid() == 1, os.getppid())
        if os.fork() == 0:
            if os.fork() == 0:
                os.execlp("sleep", "sleep", "600")
            os._exit(0)
        os.wait()
        sys.stdout.write("x" * 2_000_000 + "\\n")
        open("/dev/stdout", "w").write("by its name\\n")
        os.system("echo from a shell >&2")
        sys.stdout.write("the last word")
        os.kill(os.getpid(), 15)
    """
    async with started(runtime, code) as sandbox:
        await asyncio.sleep(1)  # nobody reads, and what takes the output is full
        said = (await sandbox.output.read()).decode()
        ended = await sandbox.wait()
    assert said.split("\n") == ["False 1", "x" * 2_000_000, "by its name", "from a shell", "the last word"]
    assert ended.code == 128 + 15


@here
@pytest.mark.req("RT1")
async def test_a_command_that_is_not_there_is_said(runtime: Runtime) -> None:
    async with started(runtime, "", command=("/no/such/program",)) as sandbox:
        assert b"cannot run /no/such/program: No such file" in await sandbox.output.read()
        assert (await sandbox.wait()).code == 127


@here
@as_root
@pytest.mark.req("RT1")
async def test_what_it_stores_is_its_owners_and_stays(runtime: Runtime) -> None:
    folder = Path(tempfile.mkdtemp(prefix="bw-stored-"))
    uid = uid_of(OWNER)
    assert uid is not None
    os.chown(folder, uid, uid)
    try:
        code = """
            import os, shutil, subprocess
            shutil.copy("/usr/bin/true", "/storage/kept")
            print(os.stat("/storage/kept").st_uid, flush=True)
            subprocess.run(["/storage/kept"])
        """
        said, ended = await python(runtime, code, storage=Storage(folder, MIB))
        assert (said.split("\n")[0], (folder / "kept").stat().st_uid, ended.code) == ("1000", uid, 1)
        assert "PermissionError" in said
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every uid can reach, unlike those of pytest."""
    made = Path(tempfile.mkdtemp(prefix="bw-seen-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.mark.req("RT1")
@pytest.mark.parametrize("level", ["process", "gvisor"])
def test_the_command_line_runs_a_command_at_a_level_with_a_folder_to_see(folder: Path, level: str) -> None:
    if level not in levels_here():
        pytest.skip(f"this host has no {level}")
    (folder / "seen").write_text("seen from inside")
    code = f"""
        import os
        print(open("/mnt/{folder.name}/seen").read())
        for path in ("/mnt/x", "/mnt/{folder.name}/seen"):
            try:
                open(path, "w")
            except OSError:
                continue
            print("wrote", path)
        os._exit(7)
    """
    command = ["sandbox", "run", "--level", level, "--state", str(folder / "state"), "--ro", str(folder)]
    command += ["--", "python3", "-u", "-c", textwrap.dedent(code)]
    program = [sys.executable, "-m", "bailiwick.faces.cli.main"]
    done = subprocess.run([*program, *command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (7, "seen from inside\n"), done.stderr


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A runsc that is first on the path; the test writes it."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    program = tmp_path / "runsc"
    program.touch(0o755)
    return program


@pytest.mark.req("RT1", "DG6")
@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 1", "does not know host-uds, ignore-cgroups"),
        (_ANSWERS, "runsc 1 is here, but nothing starts in it"),
    ],
)
def test_a_runsc_that_does_not_work_is_refused_with_what_it_said(fake: Path, script: str, words: str) -> None:
    fake.write_text(f"#!/bin/sh\n{script}\n")
    with pytest.raises(LevelRefusedError, match=words) as refused:
        require_level("gvisor")
    assert refused.value.hint
    done = CliRunner().invoke(root, ["sandbox", "run", "--level", "gvisor", "--", "true"])
    assert (done.exit_code, words in done.output) == (125, True), done.output


@here
@pytest.mark.req("RT1")
def test_a_platform_that_runsc_does_not_have_is_refused() -> None:
    with pytest.raises(LevelRefusedError, match="nothing starts in it with the platform nonsense"):
        require_level("gvisor", "nonsense")


@here
@pytest.mark.req("RT6", "RT1")
async def test_without_control_groups_it_is_refused_as_its_limits_would_not_hold(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gvisor, "make_group", lambda *_, **__: None)
    gvisor._comes_up.cache_clear()
    with pytest.raises(LevelRefusedError, match="control groups"):
        require_level("gvisor")
    with pytest.raises(SandboxUnavailableError, match="control groups"):
        gvisor_command.GVISOR.rlimits(SandboxSpec("test", OWNER, ("true",), level="gvisor"), False)
    with pytest.raises(SandboxUnavailableError, match="kubernetes"):
        await launch(SandboxSpec("test", OWNER, ("true",), level="kubernetes"), runtime)

"""The sandbox without root: the same command by an ordinary user, with a state directory of that user."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bailiwick.dataplane.sandbox import ensure_runtime

ORDINARY = 61_234
SOURCE = Path(__file__).parents[3] / "src"
Run = Callable[..., "subprocess.CompletedProcess[str]"]
LIMITS = """[app]
name = "desk"
purpose = "Shows that limits hold"
entrypoint = "app:app"

[limits]
memory = "128MiB"
processes = 12
"""


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Return a folder of the user. Not under /tmp, which a sandbox covers with its own, as an interpreter is in it."""
    folder = Path(tempfile.mkdtemp(prefix="bw-user-", dir="/var/tmp"))
    folder.chmod(0o755)
    (folder / "state").mkdir()
    if os.geteuid() == 0:
        os.chown(folder / "state", ORDINARY, ORDINARY)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def as_user(home: Path) -> Run:
    """Run Python as an ordinary user, by an interpreter that this user can read, as root's own may be out of reach."""
    becoming: list[str] = []
    python, libraries = Path(sys.executable), ""
    if os.geteuid() == 0:
        readable = ensure_runtime(home / "interpreter")
        python, libraries = readable.outside_python, str(readable.outside_libraries)
        becoming = ["setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups"]

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "PYTHONPATH": f"{SOURCE}:{sysconfig.get_path('purelib')}",
            "LD_LIBRARY_PATH": libraries,
        }
        command = [*becoming, str(python), "-B", *arguments]
        return subprocess.run(
            command, env=environment, cwd="/", capture_output=True, text=True, timeout=120, check=False
        )

    return run


@pytest.fixture(scope="module")
def sandbox(as_user: Run, home: Path) -> Run:
    """Run `bailiwick sandbox run` as an ordinary user."""
    manifest = home / "bailiwick.toml"
    manifest.write_text(LIMITS)

    def run(*command: str) -> "subprocess.CompletedProcess[str]":
        options = ["--state", str(home / "state"), "--manifest", str(manifest)]
        return as_user("-m", "bailiwick.faces.cli.main", "sandbox", "run", *options, "--", *command)

    return run


@pytest.mark.req("RT1", "DM1")
def test_an_ordinary_user_gets_the_output_and_the_exit_code(sandbox: Run) -> None:
    ended = sandbox("python3", "-c", "import os, sys; print('hello from', os.getuid()); sys.exit(7)")
    assert (ended.stdout, ended.returncode) == ("hello from 1000\n", 7)


@pytest.mark.req("RT1", "RT2")
def test_without_root_there_is_no_network_no_file_of_the_host_and_no_privilege(sandbox: Run) -> None:
    code = """
    import os, socket
    try:
        socket.create_connection(("1.1.1.1", 80), timeout=3)
    except OSError as fault:
        print(fault.strerror)
    print([path for path in ("/root", "/home", "/work", "/etc/shadow") if os.path.exists(path)])
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    print([status[name].strip() for name in ("CapEff", "NoNewPrivs", "Seccomp")])
    """
    ended = sandbox("python3", "-c", textwrap.dedent(code))
    assert ended.stdout.splitlines() == ["Network is unreachable", "[]", "['0000000000000000', '1', '2']"]


@pytest.mark.req("RT6")
def test_without_control_groups_the_memory_limit_holds_for_each_process(sandbox: Run) -> None:
    code = "import resource\nprint(resource.getrlimit(resource.RLIMIT_DATA)[0] >> 20)\nx = bytearray(256 * 2**20)"
    ended = sandbox("python3", "-c", code)
    assert ended.returncode == 1
    assert "MemoryError" in ended.stdout
    if os.geteuid() == 0:  # an ordinary user of this test owns no control group
        assert ended.stdout.splitlines()[0] == "128"


@pytest.mark.req("RT6")
def test_without_control_groups_a_fork_bomb_stays_inside(sandbox: Run) -> None:
    code = """
    import os, time
    made = 0
    try:
        while made < 300:
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            made += 1
    except OSError:
        print("stopped after", made)
    """
    ended = sandbox("python3", "-c", textwrap.dedent(code))
    assert int(ended.stdout.split()[-1]) <= 12


@pytest.mark.req("RT6")
def test_without_control_groups_empty_files_end_at_a_number_too(sandbox: Run) -> None:
    code = """
    import os
    for folder in ("/tmp", "/dev/shm"):
        made = 0
        try:
            while made < 100_000:
                os.mkdir(f"{folder}/{made}")
                made += 1
        except OSError as fault:
            print(made, fault.strerror)
    """
    ended = sandbox("python3", "-c", textwrap.dedent(code))
    # 64 MiB of disk, where nothing is said, are as many pages; one is the folder itself.
    assert ended.stdout.splitlines() == ["16383 No space left on device"] * 2


@pytest.mark.req("RT2")
def test_sockets_are_planted_without_root_too(as_user: Run, home: Path) -> None:
    inside = (
        "import socket; print(socket.create_connection(('orders.internal', 5432), 5).recv(99).decode(), flush=True)"
    )
    code = f"""
    import asyncio
    from pathlib import Path
    from bailiwick.dataplane.sandbox import Plant, SandboxSpec, ensure_runtime, launch

    async def main():
        plant = Plant("orders.internal", "127.1.0.1", 5432)
        command = ("python3", "-c", {inside!r})
        runtime = ensure_runtime(Path({str(home / "state")!r}) / "runtimes", tools=True)
        sandbox = await launch(SandboxSpec("plant", "test", command, plants=(plant,)), runtime)
        connection, _ = await asyncio.wait_for(asyncio.get_running_loop().sock_accept(sandbox.planted[plant]), 10)
        connection.sendall(b"from outside")
        connection.close()
        print((await sandbox.output.read()).decode().strip(), (await sandbox.wait()).code)
        sandbox.close()

    asyncio.run(main())
    """
    ended = as_user("-c", textwrap.dedent(code))
    assert (ended.stdout, ended.stderr) == ("from outside 0\n", "")

import asyncio
import errno
import os
import shutil
import socket
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripts.build_syscall_filters import compile_filter

from bailiwick.core.syscalls import filter_program
from bailiwick.dataplane.sandbox import Exit, Limits, Mount, Plant, Runtime, SandboxSpec, ensure_runtime, launch

MIB = 2**20
PLANT = Plant("orders.internal", "127.1.0.1", 5432)


@pytest.fixture(scope="module")
def runtime() -> Iterator[Runtime]:
    store = Path(tempfile.mkdtemp(prefix="bw-runtime-"))
    store.chmod(0o755)
    yield ensure_runtime(store, tools=True)
    shutil.rmtree(store)


async def run(runtime: Runtime, *command: str, **fields: object) -> tuple[str, Exit]:
    spec = SandboxSpec(id="test", owner=str(fields.pop("owner", "test/one")), command=command, **fields)  # type: ignore[arg-type]
    sandbox = await launch(spec, runtime)
    try:
        output = (await asyncio.wait_for(sandbox.output.read(), 60)).decode(errors="replace")
        return output, await sandbox.wait()
    finally:
        await sandbox.kill()
        sandbox.close()


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def python(runtime: Runtime, code: str, **fields: object) -> tuple[str, Exit]:
    return await run(runtime, "python3", "-c", textwrap.dedent(code), **fields)


@pytest.mark.req("RT1")
async def test_the_process_has_no_privileges_and_a_filter(runtime: Runtime) -> None:
    status, _ = await run(runtime, "cat", "/proc/self/status")
    lines = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert {lines[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
    assert lines["NoNewPrivs"] == "1"
    assert lines["Seccomp"] == "2"
    assert lines["Uid"].split() == ["1000"] * 4


@pytest.mark.req("RT1")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take another uid")
async def test_outside_it_runs_as_an_own_uid_for_each_owner(runtime: Runtime) -> None:
    uids = []
    for owner in ("tenant/a", "tenant/b", "tenant/a"):
        sandbox = await launch(SandboxSpec(id="uid", owner=owner, command=("sleep", "60")), runtime)
        uids.append(Path(f"/proc/{sandbox.inner_pid}").stat().st_uid)
        await sandbox.kill()
        await sandbox.wait()
    assert uids[0] == uids[2] != uids[1]
    assert 0 not in uids


@pytest.mark.req("RT2", "RT1")
@pytest.mark.parametrize("address", ["1.1.1.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "172.17.0.1"])
async def test_there_is_no_route_to_any_address(runtime: Runtime, address: str) -> None:
    code = f"""
    import socket
    try:
        socket.create_connection(("{address}", 80), timeout=3)
    except OSError as fault:
        print(fault.errno)
    """
    output, _ = await python(runtime, code)
    assert output.strip() == str(errno.ENETUNREACH)


@pytest.mark.req("RT2")
async def test_the_hosts_loopback_and_abstract_sockets_are_out_of_reach(runtime: Runtime) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind("\0bailiwick-test")
        abstract.listen()
        code = f"""
        import socket
        for family, target in ((socket.AF_INET, ("127.0.0.1", {server.getsockname()[1]})),
                               (socket.AF_UNIX, "\\0bailiwick-test")):
            print(socket.socket(family).connect_ex(target))
        """
        output, _ = await python(runtime, code)
    assert output.split() == [str(errno.ECONNREFUSED)] * 2


@pytest.mark.req("RT2")
async def test_a_planted_socket_is_reached_by_name_and_nothing_else_is(runtime: Runtime) -> None:
    plant = PLANT
    code = """
    import socket
    with socket.create_connection(("orders.internal", 5432), timeout=5) as connection:
        print(connection.recv(100).decode())
    for host, port in (("orders.internal", 5433), ("127.1.0.2", 5432), ("billing.internal", 5432)):
        try:
            socket.create_connection((host, port), timeout=5)
            print("reached", host)
        except OSError:
            print("refused")
    """
    spec = SandboxSpec(id="plant", owner="test/one", command=("python3", "-c", textwrap.dedent(code)), plants=(plant,))
    sandbox = await launch(spec, runtime)
    connection, _ = await asyncio.wait_for(asyncio.get_running_loop().sock_accept(sandbox.planted[plant]), 10)
    connection.sendall(b"from outside")
    connection.close()
    output = (await sandbox.output.read()).decode()
    await sandbox.wait()
    sandbox.close()
    assert output.splitlines() == ["from outside", "refused", "refused", "refused"]


@pytest.mark.req("RT1")
@pytest.mark.parametrize(
    "path", ["/etc/shadow", "/home", "/work", "/var", "/root/.ssh", "/sys/kernel", "/usr/bin/bwrap"]
)
async def test_no_file_of_the_host_is_there(runtime: Runtime, path: str) -> None:
    _, ended = await run(runtime, "ls", path)
    assert ended.code != 0


@pytest.mark.req("RT1", "SE1")
async def test_the_environment_holds_nothing_of_ours(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAILIWICK_SECRET", "a-secret-of-the-launcher")
    output, _ = await run(
        runtime, "sh", "-c", "env; cat /proc/*/environ /proc/*/cmdline", environment={"ORDERS_URL": "x"}
    )
    assert "ORDERS_URL=x" in output
    assert "a-secret-of-the-launcher" not in output
    assert str(Path.cwd()) not in output


@pytest.mark.req("RT1")
@pytest.mark.parametrize(
    "target", ["/etc/passwd", "/app/x", "/usr/bin/x", "/proc/sys/kernel/core_pattern", "/.bailiwick/x"]
)
async def test_the_root_cannot_be_written(runtime: Runtime, target: str) -> None:
    output, ended = await run(runtime, "sh", "-c", f"echo x > {target}")
    assert ended.code != 0
    assert "ead-only" in output or "ermission" in output or "nonexistent" in output


@pytest.mark.req("RT1")
async def test_only_standard_descriptors_are_open(runtime: Runtime) -> None:
    output, _ = await python(runtime, "import os; print(sorted(os.listdir('/proc/self/fd')))")
    assert output.strip() == "['0', '1', '2', '3']"  # 3 is the listing itself


CALLS = {  # by number on x86-64 (syscall(2)); each must answer EPERM
    "ptrace": (101, 0, 0, 0),
    "keyctl": (250, 0, 0, 0),
    "add_key": (248, 0, 0, 0),
    "io_uring_setup": (425, 8, 0, 0),
    "bpf": (321, 0, 0, 0),
    "perf_event_open": (298, 0, 0, 0),
    "mount": (165, 0, 0, 0),
    "umount2": (166, 0, 0, 0),
    "unshare": (272, 0x10000000, 0, 0),
    "setns": (308, 0, 0, 0),
    "clone with a user namespace": (56, 0x10000000, 0, 0),
    "userfaultfd": (323, 0, 0, 0),
    "process_vm_readv": (310, 1, 0, 0),
    "kexec_load": (246, 0, 0, 0),
    "init_module": (175, 0, 0, 0),
    "pivot_root": (155, 0, 0, 0),
    "chroot": (161, 0, 0, 0),
    "open_by_handle_at": (304, 0, 0, 0),
    "personality": (135, 0x0040000, 0, 0),
    "netlink socket": (41, 16, 3, 0),
    "packet socket": (41, 17, 3, 0),
    "vsock socket": (41, 40, 1, 0),
}


@pytest.mark.req("RT1")
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86-64")
async def test_dangerous_system_calls_are_refused(runtime: Runtime) -> None:
    code = f"""
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    for name, call in {CALLS!r}.items():
        result = libc.syscall(*call)
        print(name, "=", ctypes.get_errno() if result == -1 else "went through")
    libc.syscall(435, 0, 0)
    print("clone3 =", ctypes.get_errno())
    import threading
    worker = threading.Thread(target=print, args=("threads work",)); worker.start(); worker.join()
    """
    output, _ = await python(runtime, code)
    assert output.splitlines() == [
        *(f"{name} = {errno.EPERM}" for name in CALLS),
        f"clone3 = {errno.ENOSYS}",
        "threads work",
    ]


def test_the_shipped_filters_are_those_that_the_list_compiles_to() -> None:
    assert filter_program() == compile_filter(os.uname().machine)


@pytest.mark.req("RT6")
async def test_the_memory_limit_bites_and_is_named(runtime: Runtime) -> None:
    _, ended = await python(runtime, "x = bytearray(512 * 2**20)", limits=Limits(memory_bytes=96 * MIB))
    assert ended.code != 0
    assert ended.broken_limit in {"the memory limit of 96 MiB was exceeded", ""}


@pytest.mark.req("RT6")
async def test_a_fork_bomb_stays_inside(runtime: Runtime) -> None:
    code = """
    import os, time
    made = 0
    try:
        while made < 500:
            if os.fork() == 0:
                time.sleep(30)
            made += 1
    except OSError:
        print("stopped after", made)
    """
    output, _ = await python(runtime, code, limits=Limits(processes=20))
    assert int(output.split()[-1]) < 25


@pytest.mark.req("RT6")
async def test_the_disk_limit_bites(runtime: Runtime) -> None:
    output, ended = await run(
        runtime,
        "sh",
        "-c",
        "for i in 1 2 3 4; do dd if=/dev/zero of=/tmp/$i bs=1M count=4; done",
        limits=Limits(disk_bytes=8 * MIB),
    )
    assert ended.code != 0
    assert "No space left" in output or "File too large" in output


@pytest.mark.req("RT6")
async def test_open_files_are_limited(runtime: Runtime) -> None:
    code = "import os\nfor _ in range(1000): os.dup(0)"
    output, _ = await python(runtime, code, limits=Limits(open_files=64))
    assert "Too many open files" in output


@pytest.mark.req("RT5")
async def test_killing_leaves_no_process_however_it_hides(runtime: Runtime) -> None:
    code = """
    import os, signal, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for _ in range(5):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                break
    print("up", flush=True)
    time.sleep(600)
    """
    spec = SandboxSpec(id="kill", owner="test/kill", command=("python3", "-c", textwrap.dedent(code)))
    sandbox = await launch(spec, runtime)
    await sandbox.output.readline()
    namespace = Path(f"/proc/{sandbox.inner_pid}/ns/pid").readlink()
    await sandbox.kill()
    await sandbox.wait()
    left = []
    for entry in Path("/proc").glob("[0-9]*/ns/pid"):
        try:
            left += [entry] if entry.readlink() == namespace else []
        except OSError:
            continue
    assert left == []


@pytest.mark.req("RT5")
async def test_one_that_ended_by_itself_is_let_go_of_whole(runtime: Runtime) -> None:
    await run(runtime, "true", plants=(PLANT,))  # what is loaded once is not counted
    before = _descriptors()
    sandbox = await launch(SandboxSpec(id="ended", owner="test/ended", command=("true",), plants=(PLANT,)), runtime)
    await sandbox.output.read()
    await sandbox.wait()
    # Its number may be another process's soon: a late kill must not reach for it, and nothing of it be kept.
    await sandbox.kill()
    await sandbox.wait()
    sandbox.close()
    await asyncio.sleep(0.05)
    assert _descriptors() <= before


@pytest.mark.req("RT3")
async def test_two_owners_do_not_see_each_other(runtime: Runtime) -> None:
    first = await launch(SandboxSpec(id="a", owner="tenant/a", command=("sleep", "60")), runtime)
    output, _ = await run(
        runtime, "sh", "-c", "ls /proc | grep -c '^[0-9]'; ls /tmp | wc -l; kill -9 -1; true", owner="tenant/b"
    )
    assert Path(f"/proc/{first.inner_pid}").exists()
    assert int(output.split()[0]) <= 6
    await first.kill()
    await first.wait()


@pytest.mark.req("RT1")
async def test_a_command_that_is_not_there_says_so(runtime: Runtime) -> None:
    output, ended = await run(runtime, "no-such-command")
    assert ended.code == 127
    assert "cannot run no-such-command" in output


@pytest.mark.req("RT1")
async def test_a_mount_is_seen_and_cannot_be_written(runtime: Runtime, tmp_path: Path) -> None:
    source = Path(tempfile.mkdtemp(prefix="bw-mount-"))
    source.chmod(0o755)
    (source / "file").write_text("content")
    output, ended = await run(runtime, "sh", "-c", "cat /app/file; echo x > /app/file", mounts=(Mount(source, "/app"),))
    shutil.rmtree(source)
    assert output.startswith("content")
    assert ended.code != 0


@pytest.mark.req("RT5")
async def test_a_start_that_is_broken_off_at_any_moment_leaves_no_process(runtime: Runtime) -> None:
    for moment in range(40):
        spec = SandboxSpec(id="broken-off", owner="test/off", command=("sleep", "987654"), plants=(PLANT,))
        starting = asyncio.create_task(launch(spec, runtime))
        await asyncio.sleep(moment / 1000)
        starting.cancel()
        try:
            sandbox = await starting
        except asyncio.CancelledError:
            continue
        await sandbox.kill()
        sandbox.close()
    # A killed process is there until it is reaped; a leaked one would sleep on.
    for _ in range(200):
        if not _running(b"987654"):
            return
        await asyncio.sleep(0.02)
    pytest.fail("processes of starts that were broken off are still there")


def _running(word: bytes) -> list[Path]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [entry] if word in entry.read_bytes() else []
        except OSError:
            continue
    return found


@pytest.mark.req("RT1")
@pytest.mark.skipif(not Path("/usr/share/zoneinfo").is_dir(), reason="this host has no data of time zones")
async def test_the_machine_that_an_app_sees_is_its_own_and_time_zones_work(runtime: Runtime) -> None:
    code = """
    import os, socket, time, zoneinfo
    from datetime import datetime
    print(socket.gethostname(), os.cpu_count() > 0, sorted(os.listdir("/dev")), os.listdir("/proc/sys"))
    memory, load, processors = (open(f"/proc/{name}").read() for name in ("meminfo", "loadavg", "cpuinfo"))
    print(memory.split()[1], load[:4], processors.count("bailiwick"))
    print(datetime(2026, 7, 1, 12, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")).isoformat(), time.tzname[0])
    os.environ["TZ"] = "Asia/Tokyo"; time.tzset(); print(time.tzname[0])
    from multiprocessing import shared_memory
    shared = shared_memory.SharedMemory(create=True, size=1000); shared.buf[0] = 1; shared.unlink()
    """
    output, ended = await python(runtime, code, limits=Limits(memory_bytes=96 * MIB, cpu=1.5))
    assert ended.code == 0, output
    devices = ["fd", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"]
    assert output.splitlines() == [
        f"app True {devices} []",
        f"{96 * 1024} 0.00 2",
        "2026-07-01T12:00:00+02:00 UTC",
        "JST",
    ]


@pytest.mark.req("RT5")
async def test_who_is_told_to_end_while_it_ends_a_sandbox_does(runtime: Runtime) -> None:
    sandbox = await launch(SandboxSpec(id="told", owner="test/told", command=("true",)), runtime)
    await sandbox.wait()
    killing = asyncio.create_task(sandbox.kill())
    await asyncio.sleep(0)
    told = killing.cancel()
    await asyncio.wait([killing])
    assert killing.cancelled() == told
    sandbox.close()

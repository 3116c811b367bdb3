"""Refused system calls: seen from outside in words, at no cost for the others, and never a way through."""

import asyncio
import errno
import os
import shutil
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripts.build_syscall_filters import names_of_calls

from bailiwick.core.syscall_words import call_of, meaning_of
from bailiwick.core.syscalls import ALLOWED, PROGRAM_STARTED, call_names
from bailiwick.dataplane.instrumentation import restraint
from bailiwick.dataplane.sandbox import Runtime, Sandbox, SandboxSpec, ensure_runtime, launch
from bailiwick.dataplane.sandbox.call_watch import can_watch

pytestmark = [
    pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86-64"),
    pytest.mark.skipif(not can_watch(), reason="this kernel hands no refusals on"),
]
CALL = """
import ctypes, os, time
libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    return 0 if libc.syscall(*arguments) != -1 else ctypes.get_errno()
"""


@pytest.fixture(scope="module")
def runtime() -> Iterator[Runtime]:
    store = Path(tempfile.mkdtemp(prefix="bw-runtime-"))
    store.chmod(0o755)
    yield ensure_runtime(store)
    shutil.rmtree(store)


async def start(runtime: Runtime, code: str) -> Sandbox:
    command = ("python3", "-c", CALL + textwrap.dedent(code))
    return await launch(SandboxSpec(id="calls", owner="test/calls", command=command), runtime)


async def output_of(sandbox: Sandbox) -> list[str]:
    try:
        output = (await asyncio.wait_for(sandbox.output.read(), 30)).decode()
        assert (await sandbox.wait()).code == 0, output
        return output.split()
    finally:
        await sandbox.kill()
        await sandbox.wait()
        sandbox.close()


@pytest.mark.req("RT1")
async def test_refused_calls_are_counted_by_what_they_ask_for(runtime: Runtime) -> None:
    sandbox = await start(
        runtime,
        """
        for _ in range(3): print(call(101, 0, 0, 0))
        print(call(41, 16, 3, 0), call(56, 0x50000000, 0, 0), call(41, 2, 1, 0), call(39))
        """,
    )
    assert await output_of(sandbox) == [str(errno.EPERM)] * 5 + ["0", "0"]
    found = {call.name: call.count for call in sandbox.refused_calls()}
    assert found == {"ptrace": 3, "socket(AF_NETLINK)": 1, "clone(user, network namespace)": 1}
    assert sandbox.refused_calls() == []


@pytest.mark.req("RT1")
async def test_no_app_can_listen_to_its_own_refusals_or_hold_the_listener(runtime: Runtime) -> None:
    sandbox = await start(
        runtime,
        """
        import struct
        # A filter of one step, which allows everything: with a listener, without one, and with each other operation.
        step = struct.pack("HBBI", 6, 0, 0, 0x7FFF0000)
        class Program(ctypes.Structure):
            _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))
        program = Program(1, step)
        for operation, flags in ((1, 8), (1, 0), (1, 9), (1, 24), (0, 0), (2, 0), (3, 0)):
            print(call(317, operation, flags, ctypes.byref(program)))
        print(len(os.listdir("/proc/self/fd")), call(434, os.getpid(), 0))  # pidfd_open
        print(call(438, 3, 3, 0))  # pidfd_getfd
        # A filter without listener may be set, and lets nothing pass that was refused.
        print(libc.prctl(22, 2, ctypes.byref(program), 0, 0), call(101, 0, 0, 0))
        """,
    )
    refused = str(errno.EPERM)
    assert await output_of(sandbox) == [refused] * 7 + ["4", "0", refused, "0", refused]


@pytest.mark.req("RT1", "RV6")
async def test_where_programs_may_not_be_started_only_the_app_itself_starts(runtime: Runtime) -> None:
    code = """
        import threading
        # execve, execveat, fork, vfork, and clone with and without what makes it a thread
        for number in (59, 322, 57, 58): print(call(number, b"/usr/bin/python3", 0, 0, 0, 0))
        print(call(56, 17, 0, 0, 0, 0))
        for start in (lambda: os.fork(), lambda: os.execv("/usr/bin/python3", ["python3"])):
            try: start()
            except OSError as fault: print(fault.errno)
        thread = threading.Thread(target=lambda: print("thread", flush=True))
        thread.start()
        thread.join()
    """
    spec = SandboxSpec("calls", "test/calls", (runtime.python, "-c", CALL + textwrap.dedent(code)), programs=False)
    sandbox = await launch(spec, runtime)
    assert await output_of(sandbox) == [str(errno.EPERM)] * 7 + ["thread"]
    assert {call.name: call.count for call in sandbox.refused_calls()} == {"execve": 7}


@pytest.mark.req("RT1", "RV6")
async def test_a_command_that_is_not_there_leaves_no_start_to_anybody(runtime: Runtime) -> None:
    sandbox = await launch(SandboxSpec("calls", "test/calls", ("/no/such/program",), programs=False), runtime)
    assert b"cannot run /no/such/program" in await asyncio.wait_for(sandbox.output.read(), 30)
    assert (await sandbox.wait()).code == 127


@pytest.mark.req("RT1")
async def test_where_nobody_answers_the_kernel_refuses(runtime: Runtime) -> None:
    sandbox = await start(
        runtime,
        """
        print(call(101, 0, 0, 0), flush=True)
        while call(101, 0, 0, 0) == 1: time.sleep(0.05)
        print(call(101, 0, 0, 0), call(165, 0, 0, 0, 0, 0), call(39))
        """,
    )
    assert await sandbox.output.readline() == f"{errno.EPERM}\n".encode()
    assert sandbox._calls is not None
    sandbox._calls.close()
    assert await output_of(sandbox) == [str(errno.ENOSYS)] * 2 + ["0"]


@pytest.mark.req("RT1", "RT3")
async def test_a_flood_of_refused_calls_slows_down_who_makes_it_and_nobody_else(runtime: Runtime) -> None:
    sandbox = await start(
        runtime,
        """
        import threading
        print("up", flush=True)
        def flood():
            for _ in range(100_000): call(101, 0, 0, 0)
        for _ in range(8): threading.Thread(target=flood, daemon=True).start()
        time.sleep(60)
        """,
    )
    await sandbox.output.readline()
    count, worst = 0, 0.0
    async with asyncio.timeout(30):
        while count < 200:
            await asyncio.sleep(0.01)
            count += sum(call.count for call in sandbox.refused_calls())
    began = time.monotonic()
    while time.monotonic() < began + 1:
        slept = time.monotonic()
        await asyncio.sleep(0.01)
        worst = max(worst, time.monotonic() - slept)
    more, seconds = sum(call.count for call in sandbox.refused_calls()), time.monotonic() - began
    await sandbox.kill()
    await sandbox.wait()
    assert count + more < 400 + 50 * (seconds + 1)
    assert worst < 2


def test_every_call_that_is_not_allowed_has_words() -> None:
    names = {number: name for number, name in call_names().items() if number != PROGRAM_STARTED}
    assert "".join(f"{number} {name}\n" for number, name in names.items()) == names_of_calls("x86_64")
    assert restraint._PROGRAM_STARTED == PROGRAM_STARTED
    known = set(call_names().values())
    assert {"mount", "ptrace", "bpf"} <= known - set(ALLOWED)
    assert meaning_of("bpf") == "put a program into the kernel"
    assert meaning_of(call_of("socket", (17, 3, 0))) == "read packets as they come"
    assert meaning_of(call_of("clone", (0x10000000,))) == "enter or make namespaces"
    assert meaning_of(call_of("ioctl", (0, 0x100005412))) == "type into a terminal that others read"
    assert meaning_of("number 999") == "do what apps have no need of"

"""What all sandboxes of a tenant may use together: held by the kernel, and said as that when it bites."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bailiwick.dataplane.sandbox import (
    MIB,
    Limits,
    Runtime,
    Sandbox,
    SandboxSpec,
    SandboxUnavailableError,
    Together,
    end_abandoned,
    ensure_runtime,
    launch,
)
from bailiwick.dataplane.sandbox import cgroups as cgroups_module
from bailiwick.dataplane.sandbox.cgroups import make_group, slice_of

pytestmark = pytest.mark.req("RT6", "RT3")
OWN = Limits(memory_bytes=128 * MIB, cpu=1.0, processes=40)
EATS = "import sys,time; kept = b'x' * (80 * 2**20); print('ate', flush=True); time.sleep(60)"
FORKS = """
import os, time
for _ in range(14):
    if os.fork() == 0:
        time.sleep(60)
print("made", flush=True)
time.sleep(60)
"""
SPINS = "import threading,time\nprint('spins', flush=True)\nwhile True: pass"


@pytest.fixture(scope="module")
def runtime(shared_state: Path) -> Runtime:
    return ensure_runtime(shared_state / "runtimes", tools=True)


@contextlib.asynccontextmanager
async def running(runtime: Runtime, tenant: str, together: Together, *codes: str) -> AsyncIterator[list[Sandbox]]:
    """Start one sandbox for each code, each once the one before it has said something."""
    started: list[Sandbox] = []
    try:
        for number, code in enumerate(codes):
            spec = SandboxSpec(
                id="together", owner=f"{tenant}/{number}", tenant=tenant, command=("python3", "-c", code), limits=OWN,
                together=together,
            )  # fmt: skip
            started.append(await launch(spec, runtime))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(started[-1].output.readline(), 20)
        yield started
    finally:
        for sandbox in started:
            await sandbox.kill()
            await sandbox.wait()


async def test_memory_of_all_together_ends_one_that_is_within_its_own(runtime: Runtime) -> None:
    together = Together(memory_bytes=140 * MIB)
    async with running(runtime, "together-memory", together, EATS, EATS) as (first, second):
        done, _ = await asyncio.wait(
            {asyncio.ensure_future(first.wait()), asyncio.ensure_future(second.wait())},
            return_when=asyncio.FIRST_COMPLETED, timeout=20,
        )  # fmt: skip
        (ended,) = [task.result() for task in done]
        assert ended.reached is not None
        assert ended.reached.limit == "all-apps-memory"
        assert ended.broken_limit == "140 MiB of memory of all apps together reached"


async def test_one_that_is_beyond_its_own_memory_is_told_of_its_own(runtime: Runtime) -> None:
    eats = EATS.replace("80", "200")
    async with running(runtime, "together-own", Together(memory_bytes=1024 * MIB), eats) as (only,):
        ended = await asyncio.wait_for(only.wait(), 20)
        assert ended.broken_limit == "the memory limit of 128 MiB was exceeded"


async def test_processes_of_all_together_are_not_more(runtime: Runtime) -> None:
    together = Together(processes=24)
    async with running(runtime, "together-pids", together, FORKS, FORKS) as (first, second):
        assert first.usage().processes + second.usage().processes <= 24
        said = [item.words for item in second.reached()]
        if not said:  # it has ended by then
            said = [(await asyncio.wait_for(second.wait(), 20)).broken_limit]
        assert said == ["24 processes of all apps together reached"]


async def test_processors_of_all_together_are_not_more(runtime: Runtime) -> None:
    async with running(runtime, "together-cpu", Together(cpu=0.4), SPINS, SPINS) as started:
        before, began = sum(item.usage().cpu_seconds for item in started), time.monotonic()
        await asyncio.sleep(2)
        used = sum(item.usage().cpu_seconds for item in started) - before
        assert used <= 0.4 * (time.monotonic() - began) + 0.15


async def test_another_tenant_is_not_held_by_it(runtime: Runtime) -> None:
    async with (
        running(runtime, "together-full", Together(memory_bytes=100 * MIB), EATS),
        running(runtime, "together-other", Together(), EATS, EATS) as others,
    ):
        assert not any(item.is_over for item in others)


def test_limits_that_change_hold_for_the_next_start_and_go_with_the_last_sandbox() -> None:
    tenant = "together-change"
    for cpu, memory in ((2.0, 500), (0.5, 300), (1.0, 400)):
        together = Together(memory_bytes=memory * MIB, cpu=cpu, processes=99)
        group = make_group("change", Limits(cpu=4.0), tenant=tenant, together=together)
        assert group is not None
        above = group.above.folders
        assert (above["pids"] / "pids.max").read_text().strip() == "99"
        group.remove()
    end_abandoned()
    assert not any(folder.exists() for folder in above.values())


def test_groups_that_another_plane_removes_meanwhile_are_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroups_module, "_ROOT", tmp_path)
    groups = [tmp_path / "memory" / "bailiwick" / f"tenant-{number}" for number in range(40)]
    over = threading.Event()

    def other() -> None:
        while not over.is_set():
            for group in groups:
                group.mkdir(parents=True, exist_ok=True)
            for group in groups:
                with contextlib.suppress(FileNotFoundError):
                    group.rmdir()

    plane = threading.Thread(target=other)
    plane.start()
    try:
        for _ in range(300):
            end_abandoned()
    finally:
        over.set()
        plane.join()


async def test_where_nothing_holds_all_together_nothing_starts(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A host without any hierarchy of groups.
    monkeypatch.setattr(cgroups_module, "_ROOT", tmp_path)
    spec = SandboxSpec(id="none", owner="none", command=("true",), together=Together(processes=9))
    with pytest.raises(SandboxUnavailableError, match="what all apps may use together cannot be limited here"):
        await launch(spec, runtime)


def test_the_files_of_version_2_are_written_as_the_kernel_takes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On plain files: this says what is written, and not that a kernel holds it."""
    monkeypatch.setattr(cgroups_module, "_ROOT", tmp_path)
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids")
    tenant = tmp_path / "bailiwick" / slice_of("acme")
    tenant.mkdir(parents=True)
    for name in ("memory.max", "memory.swap.max", "pids.max", "cpu.max"):
        (tenant / name).write_text("max")
    together = Together(memory_bytes=512 * MIB, cpu=1.5, processes=300)
    group = make_group("app", Limits(cpu=4.0), tenant="acme", together=together)
    assert group is not None
    read = {name: (tenant / name).read_text() for name in ("memory.max", "memory.swap.max", "pids.max", "cpu.max")}
    assert read == {
        "memory.max": str(512 * MIB), "memory.swap.max": "0", "pids.max": "300", "cpu.max": "150000 100000",
    }  # fmt: skip
    # A group of version 2 may say more than the one that it is in.
    assert (group.folders["cpu"] / "cpu.max").read_text() == "400000 100000"

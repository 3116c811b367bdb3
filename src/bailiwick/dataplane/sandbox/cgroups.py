"""Control groups: limits for all processes of a sandbox together, on hosts with version 2, version 1, or neither.

Each tenant has a group that those of its sandboxes are in, and all tenants have the same share of the processor.
"""

import contextlib
import hashlib
import os
import signal
import time
from dataclasses import dataclass
from glob import glob
from pathlib import Path

from bailiwick.dataplane.sandbox.model import Limits, Together, Usage
from bailiwick.dataplane.sandbox.together import PERIOD_MICROSECONDS, hold_v1, hold_v2

_ROOT = Path("/sys/fs/cgroup")
_GROUP = "bailiwick"
_V1_CONTROLLERS = ("memory", "pids", "cpu", "cpuacct")
_V2_CONTROLLERS = ("memory", "pids", "cpu")
_NEEDED = frozenset({"memory", "pids"})
_NO_MORE = Together()


@dataclass(frozen=True, slots=True)
class Counters:
    """How often processes were killed for memory, not made for their number, and in how many periods held back.

    `most_memory` and `most_processes` are what the group ever had, 0 where the kernel does not say.
    """

    memory_kills: int = 0
    processes_refused: int = 0
    throttled: int = 0
    most_memory: int = 0
    most_processes: int = 0


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """The groups of one sandbox: one folder on version 2, one for each controller on version 1."""

    version: int
    folders: dict[str, Path]

    @property
    def entry_files(self) -> list[Path]:
        """Where a process writes itself to be in the group."""
        return [folder / "cgroup.procs" for folder in dict.fromkeys(self.folders.values())]

    def remove(self) -> None:
        """Remove the group once it is empty."""
        for folder in dict.fromkeys(self.folders.values()):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def usage(self) -> Usage:
        """Return what the group uses now."""
        memory, pids = self.folders["memory"], self.folders["pids"]
        if self.version == 2:  # noqa: PLR2004
            spent = _keyed(memory / "cpu.stat").get("usage_usec", 0) / 1e6
            return Usage(_number(memory / "memory.current"), spent, _number(pids / "pids.current"))
        spent = _number(self.folders["cpuacct"] / "cpuacct.usage") / 1e9 if "cpuacct" in self.folders else 0.0
        return Usage(_number(memory / "memory.usage_in_bytes"), spent, _number(pids / "pids.current"))

    @property
    def processes_file(self) -> Path:
        """Where the numbers of the processes in the group are listed."""
        return self.folders["pids"] / "cgroup.procs"

    def counters(self) -> Counters:
        """Return how often limits were run into until now."""
        memory, pids = self.folders["memory"], self.folders["pids"]
        kills = _keyed(memory / ("memory.events" if self.version == 2 else "memory.oom_control"))  # noqa: PLR2004
        periods = _keyed(self.folders["cpu"] / "cpu.stat") if "cpu" in self.folders else {}
        return Counters(
            kills.get("oom_kill", 0),
            _keyed(pids / "pids.events").get("max", 0),
            periods.get("nr_throttled", 0),
            _number(memory / ("memory.peak" if self.version == 2 else "memory.max_usage_in_bytes")),  # noqa: PLR2004
            _number(pids / "pids.peak"),
        )

    @property
    def above(self) -> "ControlGroup":
        """The tenant's group, which this one is in."""
        return ControlGroup(self.version, {name: folder.parent for name, folder in self.folders.items()})


def make_group(sandbox: str, limits: Limits, *, tenant: str = "", together: Together = _NO_MORE) -> ControlGroup | None:
    """Return a new group with these limits, or None when this host lends us none (then rlimits must do).

    That of its tenant, which it is in, is held to `together`. A tenant's own group stays when its last sandbox has
    ended: another may start at that moment.
    """
    path = Path(_GROUP, slice_of(tenant))
    name = f"{sandbox}.{_process_space()}.{os.getpid()}.{time.monotonic_ns()}"
    make = _make_v2 if (_ROOT / "cgroup.controllers").exists() else _make_v1
    try:
        try:
            return make(path, name, limits, together)
        except FileNotFoundError:
            # A plane that starts removes tenants' groups that nothing is in: this one, just now.
            return make(path, name, limits, together)
    except OSError:
        return None


def slice_of(tenant: str) -> str:
    """Return the name of a tenant's group; whatever a tenant is called, it is a name and nobody else's."""
    return f"tenant-{hashlib.sha256(tenant.encode()).hexdigest()[:16]}" if tenant else "platform"


def end_abandoned() -> int:
    """End what a process that is gone left in groups of its own, and remove them; return how many there were.

    A guard ends sandboxes with their starter. This is for what a guard cannot see, and for the groups themselves.
    """
    found = 0
    space = _process_space()
    for folder in _groups(f"*/*.{space}.*.*"):
        starter = folder.name.split(".")[-2]
        if Path("/proc", starter).exists():
            continue
        found += 1
        with contextlib.suppress(OSError, ValueError):
            for pid in map(int, (folder / "cgroup.procs").read_text().split()):
                os.kill(pid, signal.SIGKILL)
        ControlGroup(1, {"": folder}).remove()
    for folder in _groups("tenant-*"):
        # With its limits: those of the settings are written again.
        ControlGroup(1, {"": folder}).remove()
    return found


def _groups(pattern: str) -> list[Path]:
    """Return our groups of a form, of either version. Other planes remove theirs meanwhile: `Path.glob` would fail."""
    found = [glob(f"{place}/{pattern}", root_dir=_ROOT) for place in (_GROUP, f"*/{_GROUP}")]  # noqa: PTH207 - as said
    return [_ROOT / path for paths in found for path in paths]


def _process_space() -> int:
    """Return which process namespace our numbers are of: another one's may be in the same hierarchy."""
    return Path("/proc/self/ns/pid").stat().st_ino


def _make_v2(path: Path, name: str, limits: Limits, together: Together) -> ControlGroup | None:
    # Controllers of version 1 are not to be had here, even where this hierarchy is (a hybrid host).
    there = [item for item in _V2_CONTROLLERS if item in (_ROOT / "cgroup.controllers").read_text().split()]
    if not set(there) >= _NEEDED:
        return None
    parent = _ROOT / path
    parent.mkdir(parents=True, exist_ok=True)
    for folder in (_ROOT, parent.parent, parent):
        (folder / "cgroup.subtree_control").write_text(" ".join(f"+{item}" for item in there))
    hold_v2(parent, together)
    group = ControlGroup(2, dict.fromkeys(there, parent / name))
    (parent / name).mkdir()
    try:
        _write(parent / name / "memory.max", limits.memory_bytes)
        _write(parent / name / "memory.swap.max", 0, optional=True)
        _write(parent / name / "pids.max", limits.processes)
        if "cpu" in there:
            quota = int(limits.cpu * PERIOD_MICROSECONDS)
            (parent / name / "cpu.max").write_text(f"{quota} {PERIOD_MICROSECONDS}")
    except OSError:
        group.remove()
        raise
    return group


def _make_v1(path: Path, name: str, limits: Limits, together: Together) -> ControlGroup | None:
    folders: dict[str, Path] = {}
    for controller in _V1_CONTROLLERS:
        if not (_ROOT / controller / "cgroup.procs").exists():
            continue
        folders[controller] = _ROOT / controller / path / name
        folders[controller].mkdir(parents=True)
    if not set(folders) >= _NEEDED:
        ControlGroup(1, folders).remove()
        return None
    group = ControlGroup(1, folders)
    try:
        hold_v1(group.above.folders, together)
        _write(folders["memory"] / "memory.limit_in_bytes", limits.memory_bytes)
        _write(folders["memory"] / "memory.memsw.limit_in_bytes", limits.memory_bytes, optional=True)
        _write(folders["pids"] / "pids.max", limits.processes)
        if "cpu" in folders:
            _write(folders["cpu"] / "cpu.cfs_period_us", PERIOD_MICROSECONDS)
            _write(folders["cpu"] / "cpu.cfs_quota_us", _own_quota(limits, together))
    except OSError:
        group.remove()
        raise
    return group


def _own_quota(limits: Limits, together: Together) -> int:
    """Return what a group of version 1 may have of the processors: never more than the one that it is in."""
    return int(min(limits.cpu, together.cpu or limits.cpu) * PERIOD_MICROSECONDS)


def _write(file: Path, value: int, *, optional: bool = False) -> None:
    with contextlib.suppress(OSError) if optional else contextlib.nullcontext():
        file.write_text(str(value))


def _number(file: Path) -> int:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return 0


def _keyed(file: Path) -> dict[str, int]:
    try:
        pairs = (line.split() for line in file.read_text().splitlines())
        return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}  # noqa: PLR2004
    except (OSError, ValueError):
        return {}

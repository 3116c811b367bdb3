"""What all sandboxes of a tenant may use together on this host: limits of the group that theirs are in."""

import contextlib
import time
from collections.abc import Mapping
from pathlib import Path

from bailiwick.dataplane.sandbox.model import Together

PERIOD_MICROSECONDS = 100_000
# A group that was just removed counts until the kernel has let go of it; this is waited for when limits change only.
_ATTEMPTS, _AGAIN_SECONDS = 20, 0.01


def hold_v2(folder: Path, together: Together) -> None:
    """Hold a tenant's group to limits, on version 2 of control groups; raise `OSError` when that cannot be."""
    if together.memory_bytes:
        _keep(folder / "memory.max", str(together.memory_bytes))
        with contextlib.suppress(OSError):
            _keep(folder / "memory.swap.max", "0")
    if together.processes:
        _keep(folder / "pids.max", str(together.processes))
    if together.cpu:
        _keep(folder / "cpu.max", f"{int(together.cpu * PERIOD_MICROSECONDS)} {PERIOD_MICROSECONDS}")


def hold_v1(folders: Mapping[str, Path], together: Together) -> None:
    """Hold a tenant's groups to limits, on version 1; raise `OSError` when that cannot be."""
    if together.memory_bytes:
        _hold_memory(folders["memory"], str(together.memory_bytes))
    if together.processes:
        _keep(folders["pids"] / "pids.max", str(together.processes))
    if together.cpu:
        if "cpu" not in folders:
            raise OSError("this host lends no group for processors")
        _hold_processors(folders["cpu"], int(together.cpu * PERIOD_MICROSECONDS))


def _hold_memory(folder: Path, limit: str) -> None:
    """Limit memory, and memory with swap where that is counted: the second is never less than the first."""
    own, with_swap = folder / "memory.limit_in_bytes", folder / "memory.memsw.limit_in_bytes"
    try:
        _keep(own, limit)
    except OSError:
        _keep(with_swap, limit)
        _keep(own, limit)
    with contextlib.suppress(OSError):
        _keep(with_swap, limit)


def _hold_processors(folder: Path, quota: int) -> None:
    """Limit processors. On version 1 no group may have more than the one that it is in: what has is lowered first."""
    _keep(folder / "cpu.cfs_period_us", str(PERIOD_MICROSECONDS))
    for inner in folder.glob("*/cpu.cfs_quota_us"):
        with contextlib.suppress(OSError, ValueError):
            if int(inner.read_text()) > quota:
                inner.write_text(str(quota))
    for _attempt in range(_ATTEMPTS - 1):
        with contextlib.suppress(OSError):
            _keep(folder / "cpu.cfs_quota_us", str(quota))
            return
        time.sleep(_AGAIN_SECONDS)
    _keep(folder / "cpu.cfs_quota_us", str(quota))


def _keep(file: Path, value: str) -> None:
    """Write a value where it is another."""
    if file.read_text().strip() != value:
        file.write_text(value)

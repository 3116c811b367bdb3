"""The machine as a sandbox sees it: four devices, and a /proc that says nothing of the host."""

import math
import stat
from pathlib import Path

from bailiwick.dataplane.sandbox.descriptors import DataFiles
from bailiwick.dataplane.sandbox.model import Limits

_DEVICES = ("null", "zero", "random", "urandom")
_LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}
# What of /proc is about the machine as a whole, and no program misses where it is empty.
EMPTY_FILES = (
    "bootconfig", "buddyinfo", "cgroups", "cmdline", "config.gz", "consoles", "crypto", "devices", "diskstats", "dma",
    "execdomains", "fb", "filesystems", "interrupts", "iomem", "ioports", "kallsyms", "kcore", "key-users", "keys",
    "kmsg",
    "kpagecgroup", "kpagecount", "kpageflags", "latency_stats", "locks", "mdstat", "misc", "modules", "mtrr",
    "pagetypeinfo", "partitions", "sched_debug", "schedstat", "slabinfo", "softirqs", "swaps", "sysrq-trigger",
    "timer_list", "vmallocinfo", "vmstat", "zoneinfo",
)  # fmt: skip
EMPTY_FOLDERS = (
    "acpi", "asound", "bus", "driver", "dynamic_debug", "fs", "ide", "irq", "pressure", "scsi", "sys", "sysvipc", "tty",
)  # fmt: skip
_NOTHING_BYTES = "4096"
_PROC = Path("/proc")


def device_options(limits: Limits) -> list[str]:
    """Return bubblewrap's options for /dev: what needs no host, and shared memory."""
    options = ["--size", _NOTHING_BYTES, "--tmpfs", "/dev"]
    for name in _DEVICES:
        options += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    for name, target in _LINKS.items():
        options += ["--symlink", target, f"/dev/{name}"]
    return [*options, *shared_memory_options(limits, "/dev"), "--remount-ro", "/dev"]


def shared_memory_options(limits: Limits, devices: str) -> list[str]:
    """Return bubblewrap's options for shared memory in a folder of devices: as large as the disk."""
    return ["--perms", "1777", "--size", str(limits.disk_bytes), "--tmpfs", f"{devices}/shm"]


def process_options(limits: Limits, data: DataFiles, nothing: Path) -> list[str]:
    """Return bubblewrap's options for /proc: its own processes, and files that speak of the limits, not of the host.

    `nothing` is an empty file.
    """
    options = ["--proc", "/proc"]
    for name in EMPTY_FOLDERS:
        if (_PROC / name).is_dir():
            options += ["--size", _NOTHING_BYTES, "--tmpfs", f"/proc/{name}", "--remount-ro", f"/proc/{name}"]
    for name in filter(_can_be_read, EMPTY_FILES):
        options += ["--ro-bind", str(nothing), f"/proc/{name}"]
    for name, content in own_files(limits).items():
        options += ["--ro-bind-data", data.add(content.encode()), f"/proc/{name}"]
    return options


def _can_be_read(name: str) -> bool:
    """Whether there is such a file that others than root may read."""
    try:
        return bool((_PROC / name).stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def own_files(limits: Limits) -> dict[str, str]:
    """Return the files of /proc that programs do read, as they are for the sandbox."""
    kilobytes = limits.memory_bytes // 1024
    processors = range(max(1, math.ceil(limits.cpu)))
    memory = {"MemTotal": kilobytes, "MemFree": kilobytes, "MemAvailable": kilobytes, "Buffers": 0, "Cached": 0}
    memory |= {"SwapCached": 0, "SwapTotal": 0, "SwapFree": 0}
    times = " ".join(["0"] * 10)
    return {
        "cpuinfo": "".join(f"processor\t: {number}\nmodel name\t: bailiwick\n\n" for number in processors),
        "meminfo": "".join(f"{name + ':':<16}{value:>8} kB\n" for name, value in memory.items()),
        "stat": f"cpu  {times}\n" + "".join(f"cpu{number} {times}\n" for number in processors) + "btime 0\n",
        "loadavg": "0.00 0.00 0.00 1/1 1\n",
        "uptime": "0.00 0.00\n",
        "version": "Linux version (bailiwick)\n",
    }

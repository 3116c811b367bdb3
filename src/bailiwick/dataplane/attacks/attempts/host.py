"""Attempts to learn of the host from /proc, /sys, /dev, its name and what it gave to the sandbox's environment."""

import os
import platform
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bailiwick.dataplane.attacks.attempts.model import Attempt, Bait

# Files of /proc that speak of the machine as a whole. The sandbox has some of its own.
_OF_THE_MACHINE = (
    "cmdline", "version", "cpuinfo", "interrupts", "softirqs", "diskstats", "partitions", "iomem", "ioports",
    "kallsyms",
    "keys", "key-users", "loadavg", "uptime", "stat", "vmstat", "zoneinfo", "buddyinfo", "swaps", "devices", "misc",
    "crypto", "filesystems", "consoles", "cgroups", "execdomains", "dma", "config.gz", "bus", "irq", "tty", "fs",
    "sysvipc",
    "pressure",
)  # fmt: skip
_SYSTEM = (
    "class/net",
    "fs/cgroup",
    "kernel",
    "devices/system/cpu",
    "block",
    "module",
    "bus",
    "firmware",
    "class/block",
)
_DEVICES = (
    "kmsg", "fuse", "net/tun", "tty0", "ttyS0", "console", "loop-control", "vsock", "autofs", "ptmx", "pts", "full",
    "tty",
    "mem", "kvm",
)  # fmt: skip
_KERNEL_SETTINGS = (
    "kernel/random/boot_id", "kernel/hostname", "kernel/osrelease", "kernel/version", "kernel/core_pattern",
    "kernel/pid_max", "vm/swappiness", "fs/file-nr", "net/core/somaxconn",
)  # fmt: skip
# What stands in files of the sandbox's own, see `dataplane/sandbox/machine.py`.
_OWN_MARKS = (b"bailiwick", b"cpu  0 0 0 0", b"0.00 0.00")


def _says_something(path: str, _: Bait) -> bool:
    """Whether a file or folder of the kernel says anything that is not the sandbox's own."""
    place = Path(path)
    if place.is_dir():
        return any(place.iterdir())
    with place.open("rb") as source:
        content = source.read(4096).strip(b"\0\n ")
    return bool(content) and not any(mark in content for mark in _OWN_MARKS)


def _is_there(path: str, _: Bait) -> bool:
    return os.path.exists(path)


def _memory_of_the_host(_: Bait) -> bool:
    """Whether /proc/meminfo tells how much memory the machine has."""
    lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines() if ":" in line)
    return "DirectMap4k" in lines or "Slab" in lines


def _name(_: Bait, *, of: str) -> bool:
    names = {"gethostname": socket.gethostname(), "uname": platform.node(), "fqdn": socket.getfqdn()}
    return bool(names[of]) and names[of] == _.host


def _in_environment(bait: Bait) -> bool:
    return any(bait.secret in value for name, value in os.environ.items() if name != "BAIT")


def _in_environment_of(path: str, bait: Bait) -> bool:
    own = f"BAIT={os.environ['BAIT']}".encode()
    return bait.secret.encode() in Path(path).read_bytes().replace(own, b"")


def _in_any_process(name: str, bait: Bait) -> bool:
    """Whether a process outside is seen in /proc by its command line or its environment."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) != bait.pid:
            continue
        return b"bait" in (entry / name).read_bytes()
    return False


def _listens_outside(table: str, bait: Bait) -> bool:
    return f":{bait.port:04X} " in Path(f"/proc/net/{table}").read_text()


def _unix_outside(bait: Bait) -> bool:
    return bait.socket in Path("/proc/net/unix").read_text()


def _control_group(_: Bait) -> bool:
    """Whether it is told which control group it is in, by a path of the host; gVisor's kernel has one of its own."""
    found = Path("/proc/self/cgroup").read_text().split("\n")
    return any(line.count(":") > 1 and line.rpartition(":")[2] not in {"/", "", "/bailiwick"} for line in found)


def _attempts() -> Iterator[Attempt]:
    for name in _OF_THE_MACHINE:
        yield Attempt("proc", f"read /proc/{name}", partial(_says_something, f"/proc/{name}"))
    for name in _KERNEL_SETTINGS:
        yield Attempt("proc", f"read /proc/sys/{name}", partial(_says_something, f"/proc/sys/{name}"))
    yield Attempt("proc", "read the memory of the machine", _memory_of_the_host)
    for name in _SYSTEM:
        yield Attempt("sys", f"read /sys/{name}", partial(_says_something, f"/sys/{name}"))
    for name in _DEVICES:
        yield Attempt("devices", f"find /dev/{name}", partial(_is_there, f"/dev/{name}"))
    for name in ("gethostname", "uname"):
        yield Attempt("host", f"learn the host's name by {name}", partial(_name, of=name))
    yield Attempt("host", "read a secret of the launcher's environment", _in_environment)
    yield Attempt("host", "read the first environment", partial(_in_environment_of, "/proc/self/environ"))
    yield Attempt("host", "see the command line of a process outside", partial(_in_any_process, "cmdline"))
    yield Attempt("host", "read the environment of a process outside", partial(_in_any_process, "environ"))
    yield Attempt("host", "see a TCP socket outside in /proc/net", partial(_listens_outside, "tcp"))
    yield Attempt("host", "see a UDP socket outside in /proc/net", partial(_listens_outside, "udp"))
    yield Attempt("host", "see a Unix socket outside in /proc/net", _unix_outside)
    yield Attempt("host", "learn its control group", _control_group)


ATTEMPTS = tuple(_attempts())

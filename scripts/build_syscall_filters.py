"""Compiles the sandbox's system-call filters into the package, with the names of all calls beside them.

Run it when the list of calls changed.
"""

import contextlib
import errno
import tempfile
from pathlib import Path

import pyseccomp

from bailiwick.core import syscalls

DATA = Path(syscalls.__file__).parent / "seccomp"
ARCHITECTURES = {"x86_64": pyseccomp.Arch.X86_64, "aarch64": pyseccomp.Arch.AARCH64}
_HIGHEST_NUMBER = 1000


def compile_filter(machine: str) -> bytes:
    """Return the filter for a machine as classic BPF."""
    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    wanted = ARCHITECTURES[machine]
    if wanted != pyseccomp.system_arch():
        rules.add_arch(wanted)
        rules.remove_arch(pyseccomp.system_arch())
    for name in syscalls.ALLOWED:
        _allow(rules, name)
    _allow(rules, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, syscalls.NAMESPACE_FLAGS, 0))
    for family in syscalls.SOCKET_FAMILIES:
        _allow(rules, "socket", pyseccomp.Arg(0, pyseccomp.EQ, family))
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    with tempfile.TemporaryFile() as target:
        rules.export_bpf(target)
        target.seek(0)
        return syscalls.without_ioctls(target.read(), machine, pyseccomp.resolve_syscall(wanted, "ioctl"))


def names_of_calls(machine: str) -> str:
    """Return a line with number and name of each call that a machine has."""
    lines = []
    for number in range(_HIGHEST_NUMBER):
        with contextlib.suppress(OSError, ValueError):
            lines.append(f"{number} {pyseccomp.resolve_syscall(ARCHITECTURES[machine], number).decode()}\n")
    return "".join(lines)


def _allow(rules: pyseccomp.SyscallFilter, name: str, *arguments: pyseccomp.Arg) -> None:
    """Allow a call, which some architectures do not have."""
    try:
        rules.add_rule(pyseccomp.ALLOW, name, *arguments)
    except (OSError, ValueError, RuntimeError):
        if name in {"read", "write", "execve", "clone", "socket"}:
            raise


def main() -> None:
    """Write the data files."""
    DATA.mkdir(exist_ok=True)
    for machine in ARCHITECTURES:
        (DATA / f"{machine}.bpf").write_bytes(compile_filter(machine))
        (DATA / f"{machine}.calls").write_text(names_of_calls(machine))


if __name__ == "__main__":
    main()

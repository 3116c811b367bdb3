"""Compiles the sandbox's system-call filters into the package: run it when the list of calls changed."""

import errno
import tempfile
from pathlib import Path

import pyseccomp

from bailiwick.core import syscalls

DATA = Path(syscalls.__file__).parent / "seccomp"
ARCHITECTURES = {"x86_64": pyseccomp.Arch.X86_64, "aarch64": pyseccomp.Arch.AARCH64}


def compile_filter(machine: str) -> bytes:
    """Return the filter for a machine as classic BPF."""
    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    wanted = ARCHITECTURES[machine]
    if wanted != pyseccomp.system_arch():
        rules.add_arch(wanted)
        rules.remove_arch(pyseccomp.system_arch())
    for name in syscalls.ALLOWED:
        if name != "ioctl":
            _allow(rules, name)
    _allow(rules, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, syscalls.NAMESPACE_FLAGS, 0))
    for family in syscalls.SOCKET_FAMILIES:
        _allow(rules, "socket", pyseccomp.Arg(0, pyseccomp.EQ, family))
    _allow(rules, "ioctl", pyseccomp.Arg(1, pyseccomp.NE, syscalls.REFUSED_IOCTL))
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    with tempfile.TemporaryFile() as target:
        rules.export_bpf(target)
        target.seek(0)
        return target.read()


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


if __name__ == "__main__":
    main()

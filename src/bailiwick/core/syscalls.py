"""The system calls that a sandbox may make: an allow-list, compiled once and shipped as data.

Everything else answers EPERM, so that programs see a refusal instead of dying; `clone3` answers ENOSYS, because its
flags are behind a pointer that a filter cannot read, and C libraries then use `clone`, whose flags it can.

Where the kernel can tell who listens of refusals (seccomp_unotify(2)), two filters take the place of the one. The first
is set by bubblewrap; it hands every refusal to a listener, has none, and so refuses with ENOSYS. The second is the
same, set on top of it by the first program inside, with a listener that is held outside of the sandbox and answers
EPERM. Of two filters that both hand on, the newer one's listener is asked. What the second adds is that no listener can
be made after it: an app that answered its own refusals could let itself pass.
"""

import platform
import struct
from collections.abc import Sequence
from importlib import resources

from bailiwick.core.errors import SandboxUnavailableError

ALLOWED = """
accept accept4 access alarm arch_prctl bind brk capget chdir chmod clock_getres clock_gettime clock_nanosleep close
close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait
epoll_pwait2 epoll_wait eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 fallocate fchdir
fchmod fchmodat fchown fcntl fdatasync flock fork fstat fstatfs fsync ftruncate futex futex_waitv get_robust_list
get_thread_area getcpu getcwd getdents getdents64 getegid geteuid getgid getgroups getitimer getpeername getpgid getpgrp
getpid getppid getpriority getrandom getresgid getresuid getrlimit getrusage getsid getsockname getsockopt gettid
gettimeofday getuid getxattr inotify_add_watch inotify_init inotify_init1 inotify_rm_watch ioctl kill landlock_add_rule
landlock_create_ruleset landlock_restrict_self lgetxattr link linkat listen llistxattr listxattr lseek lstat madvise
membarrier memfd_create mincore mkdir mkdirat mlock mlock2 mlockall mmap mprotect mremap msync munlock munlockall munmap
nanosleep newfstatat open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2 poll ppoll prctl pread64 preadv
preadv2 prlimit64 pselect6 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recvfrom recvmmsg recvmsg
rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo
rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min
sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity sched_yield
select sendfile sendmmsg sendmsg sendto set_robust_list set_thread_area set_tid_address setitimer setpgid setpriority
setrlimit setsid setsockopt shutdown sigaltstack signalfd signalfd4 socketpair splice stat statfs statx symlink
symlinkat sync_file_range sysinfo tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime timer_settime
timerfd_create timerfd_gettime timerfd_settime times tkill truncate umask uname unlink unlinkat utime utimensat utimes
vfork vmsplice wait4 waitid write writev
""".split()

# Namespace flags of clone(2): a new user namespace would give all capabilities inside it.
NAMESPACE_FLAGS = 0x7E020080
SOCKET_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6 (socket(2))
# TIOCSTI and TIOCLINUX push characters into a terminal that others read (CVE-2017-5226, CVE-2023-1523). The kernel
# looks at 32 bits of the command, so a filter must, too (CVE-2019-10063).
REFUSED_IOCTLS = (0x5412, 0x541C)
# What a machine is called in struct seccomp_data, and the number of seccomp(2).
_MACHINES = {"x86_64": (0xC000003E, 317), "aarch64": (0xC00000B7, 277)}
# BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_JMP|JSET|K, BPF_ALU|AND|K, BPF_RET|K
_LOAD, _EQUAL, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x45, 0x54, 0x06
_CLONE_THREAD = 0x00010000
_SOCKET_KIND, _SOCKET_RAW = 0xF, 3  # SOCK_TYPE_MASK and SOCK_RAW (socket(2))
# Offsets in struct seccomp_data; of arguments, that of their lower half.
_NUMBER, _MACHINE, _OPERATION, _FLAGS = 0, 4, 16, 24
_ALLOW, _HAND_ON, _REFUSE = 0x7FFF0000, 0x7FC00000, 0x00050001  # SECCOMP_RET_ALLOW, _USER_NOTIF, _ERRNO with EPERM
SET_FILTER, NEW_LISTENER = 1, 8  # SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER


# No call of any kernel: by it, `dataplane/instrumentation/restraint.py` tells that a program was about to be started.
PROGRAM_STARTED = 0x3FFFF000


def filter_program() -> bytes:
    """Return the compiled filter for this machine (classic BPF, seccomp(2))."""
    return (resources.files("bailiwick.core") / "seccomp" / f"{_known_machine()}.bpf").read_bytes()


def handing_filters(*, programs: bool = True) -> tuple[bytes, bytes]:
    """Return the two filters that hand refusals on: bubblewrap's, and the one that is set on top of it.

    Without `programs` the second hands on each start of a program or process, too; threads may be started.
    """
    architecture, seccomp = _MACHINES[_known_machine()]
    handing = _handing(filter_program())
    # Each comparison that fails leaves out what is before the program.
    first = [
        (_LOAD, 0, 0, _MACHINE), (_EQUAL, 0, 7, architecture),
        (_LOAD, 0, 0, _NUMBER), (_EQUAL, 0, 5, seccomp),
        (_LOAD, 0, 0, _OPERATION), (_EQUAL, 0, 3, SET_FILTER),
        (_LOAD, 0, 0, _FLAGS), (_EQUAL, 0, 1, NEW_LISTENER),
        (_RETURN, 0, 0, _ALLOW),
    ]  # fmt: skip
    second = [
        (_LOAD, 0, 0, _MACHINE), (_EQUAL, 0, 3, architecture),
        (_LOAD, 0, 0, _NUMBER), (_EQUAL, 0, 1, seccomp),
        (_RETURN, 0, 0, _REFUSE),
    ]  # fmt: skip
    return _packed(first) + handing, _packed(second) + (b"" if programs else _starts_handed()) + handing


def without_processes(program: bytes) -> bytes:
    """Return a filter that refuses to make a process, too; threads may be started.

    It is for kernels whose filters cannot hand on: there, it cannot tell the start of the app from that of a program.
    """
    return _answering(("fork", "vfork"), _REFUSE) + program


def without_raw_sockets(program: bytes) -> bytes:
    """Return a filter that refuses sockets for packets made by hand, which a kernel refuses to who lacks the right."""
    steps = [
        (_LOAD, 0, 0, _NUMBER), (_EQUAL, 0, 4, _number("socket")),
        (_LOAD, 0, 0, _FLAGS), (_AND, 0, 0, _SOCKET_KIND), (_EQUAL, 0, 1, _SOCKET_RAW),
        (_RETURN, 0, 0, _REFUSE),
    ]  # fmt: skip
    return _packed(steps) + program


def _number(name: str) -> int:
    return next(number for number, known in call_names().items() if known == name)


def starting_calls() -> frozenset[int]:
    """Return the numbers of the calls by which this machine's programs become another program."""
    return frozenset(number for number, name in call_names().items() if name in {"execve", "execveat"})


def _starts_handed() -> bytes:
    """Return the beginning of a filter that hands on what starts a program or makes a process."""
    return _answering(("execve", "execveat", "fork", "vfork"), _HAND_ON)


def _answering(names: Sequence[str], answer: int) -> bytes:
    """Return the beginning of a filter that has one answer for these calls and for making a process by clone(2)."""
    numbers = {name: number for number, name in call_names().items() if number != PROGRAM_STARTED}
    calls = [numbers[name] for name in names if name in numbers]
    count = len(calls)
    # Each comparison jumps to the last step, which answers, or goes to the next; all else leaves it out.
    steps = [(_LOAD, 0, 0, _NUMBER)]
    steps += [(_EQUAL, count - place + 2, 0, number) for place, number in enumerate(calls)]
    steps += [(_EQUAL, 0, 3, numbers["clone"]), (_LOAD, 0, 0, _OPERATION), (_ANY_BIT, 1, 0, _CLONE_THREAD)]
    return _packed([*steps, (_RETURN, 0, 0, answer)])


def without_ioctls(program: bytes, machine: str, ioctl: int) -> bytes:
    """Return a filter that also refuses `REFUSED_IOCTLS`, by the half of the command that the kernel looks at."""
    count = len(REFUSED_IOCTLS)
    steps = [(_LOAD, 0, 0, _MACHINE), (_EQUAL, 0, count + 4, _MACHINES[machine][0])]
    steps += [(_LOAD, 0, 0, _NUMBER), (_EQUAL, 0, count + 2, ioctl), (_LOAD, 0, 0, _FLAGS)]
    steps += [(_EQUAL, count - place - 1, int(place == count - 1), item) for place, item in enumerate(REFUSED_IOCTLS)]
    return _packed([*steps, (_RETURN, 0, 0, _REFUSE)]) + program


def call_names() -> dict[int, str]:
    """Return the names of this machine's system calls by number."""
    text = (resources.files("bailiwick.core") / "seccomp" / f"{_known_machine()}.calls").read_text()
    known = {int(number): name for number, name in (line.split() for line in text.splitlines())}
    return {**known, PROGRAM_STARTED: "execve"}


def _known_machine() -> str:
    machine = platform.machine()
    if machine not in _MACHINES:
        raise SandboxUnavailableError(
            f"there is no system-call filter for {machine}", hint="run Bailiwick on x86-64 or arm64"
        )
    return machine


def _handing(program: bytes) -> bytes:
    """Return a filter that hands on what this one refuses."""
    steps = [struct.unpack_from("HBBI", program, place) for place in range(0, len(program), 8)]
    return _packed([(*step[:3], _HAND_ON) if (step[0], step[3]) == (_RETURN, _REFUSE) else step for step in steps])


def _packed(steps: list[tuple[int, int, int, int]]) -> bytes:
    return b"".join(struct.pack("HBBI", *step) for step in steps)

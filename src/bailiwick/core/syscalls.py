"""The system calls that a sandbox may make: an allow-list, compiled once and shipped as data.

Everything else answers EPERM, so that programs see a refusal instead of dying; `clone3` answers ENOSYS, because its
flags are behind a pointer that a filter cannot read, and C libraries then use `clone`, whose flags it can.
"""

import platform
from importlib import resources

from bailiwick.core.errors import SandboxUnavailableError

ALLOWED = """
accept accept4 access alarm arch_prctl bind brk capget chdir chmod clock_getres clock_gettime clock_nanosleep close
close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait
epoll_pwait2 epoll_wait eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 fallocate fchdir
fchmod fchmodat fchown fcntl fdatasync flock fork fstat fstatfs fsync ftruncate futex futex_waitv get_robust_list
get_thread_area getcpu getcwd getdents getdents64 getegid geteuid getgid getgroups getitimer getpeername getpgid getpgrp
getpid getppid getpriority getrandom getresgid getresuid getrlimit getrusage getsid getsockname getsockopt gettid
gettimeofday getuid getxattr inotify_add_watch inotify_init inotify_init1 inotify_rm_watch ioctl kill
landlock_add_rule landlock_create_ruleset landlock_restrict_self lgetxattr link linkat listen llistxattr listxattr lseek
lstat madvise membarrier memfd_create mincore mkdir mkdirat mlock mlock2 mlockall mmap mprotect mremap msync munlock
munlockall munmap nanosleep newfstatat open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2 poll ppoll
prctl pread64 preadv preadv2 prlimit64 pselect6 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv
recvfrom recvmmsg recvmsg rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask
rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sched_get_priority_max
sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
sched_setaffinity sched_yield select sendfile sendmmsg sendmsg sendto set_robust_list set_thread_area set_tid_address
setitimer setpgid setpriority setrlimit setsid setsockopt shutdown sigaltstack signalfd signalfd4 socketpair splice stat
statfs statx symlink symlinkat sync_file_range sysinfo tee tgkill time timer_create timer_delete timer_getoverrun
timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime times tkill truncate umask uname unlink
unlinkat utime utimensat utimes vfork vmsplice wait4 waitid write writev
""".split()

# Namespace flags of clone(2): a new user namespace would give all capabilities inside it.
NAMESPACE_FLAGS = 0x7E020080
SOCKET_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6 (socket(2))
# TIOCSTI pushes characters into a terminal that others read (CVE-2017-5226).
REFUSED_IOCTL = 0x5412
_MACHINES = frozenset({"x86_64", "aarch64"})


def filter_program() -> bytes:
    """Return the compiled filter for this machine (classic BPF, seccomp(2))."""
    machine = platform.machine()
    if machine not in _MACHINES:
        raise SandboxUnavailableError(
            f"there is no system-call filter for {machine}", hint="run Bailiwick on x86-64 or arm64"
        )
    return (resources.files("bailiwick.core") / "seccomp" / f"{machine}.bpf").read_bytes()

"""What a refused system call means, in words for whoever wrote the app."""

from collections.abc import Sequence

# What calls would do, before the colon, and their names.
_MEANINGS = """
start a program, for which the capability process-spawning is not open: execve
look into or steer another process: ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd process_madvise
change what is mounted: mount umount2 pivot_root chroot fsopen fsconfig fsmount fspick move_mount open_tree
change what is mounted: mount_setattr
enter or make namespaces: unshare setns
put a program into the kernel: bpf init_module finit_module delete_module kexec_load kexec_file_load
make a queue of calls that no filter sees: io_uring_setup io_uring_enter io_uring_register
use the kernel's keys: keyctl add_key request_key
watch the whole machine: perf_event_open fanotify_init fanotify_mark syslog lookup_dcookie quotactl acct
handle page faults itself: userfaultfd
open a file by a handle instead of its path: open_by_handle_at name_to_handle_at
change the owner of files: chown lchown fchownat
become another user or group: setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid capset
make a device or a special file: mknod mknodat
change extended attributes of files: setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr
change how it is run: personality sched_setscheduler sched_setparam sched_setattr ioprio_set
place its memory on the machine: mbind set_mempolicy get_mempolicy migrate_pages move_pages
guard its memory by keys of the processor: pkey_alloc pkey_free pkey_mprotect
set the clock or the host's name: settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname
switch the machine off or its swap on: reboot swapon swapoff
share memory or messages with other programs: shmget shmat shmctl shmdt semget semop semtimedop semctl
share memory or messages with other programs: msgget msgsnd msgrcv msgctl mq_open mq_unlink
reach the hardware: iopl ioperm modify_ldt
write everything to disk: sync syncfs
do input and output in the kernel's background: io_setup io_submit io_getevents io_destroy io_cancel
"""
_LINES = (line.partition(": ") for line in _MEANINGS.strip().splitlines())
_BY_NAME = {name: words for words, _, names in _LINES for name in names.split()}
# socket(2): what programs ask for besides Unix and internet sockets.
_FAMILIES = {
    3: "AX25", 4: "IPX", 5: "APPLETALK", 9: "X25", 15: "KEY", 16: "NETLINK", 17: "PACKET", 21: "RDS", 26: "LLC",
    29: "CAN", 30: "TIPC", 31: "BLUETOOTH", 38: "ALG", 39: "NFC", 40: "VSOCK", 43: "SMC", 44: "XDP",
}  # fmt: skip
_FAMILY_WORDS = {
    "NETLINK": "ask the kernel about networks",
    "PACKET": "read packets as they come",
    "VSOCK": "talk to the host of a machine",
    "ALG": "let the kernel compute ciphers",
    "XDP": "read packets past the kernel",
}
_NEW_NAMESPACES = {
    0x00000080: "time", 0x00020000: "mount", 0x02000000: "cgroup", 0x04000000: "uts", 0x08000000: "ipc",
    0x10000000: "user", 0x20000000: "pid", 0x40000000: "network",
}  # fmt: skip
# What programs are started by, besides clone(2) without namespaces: one thing to whoever wrote the app.
_STARTS = frozenset({"execveat", "fork", "vfork"})
_INPUT_OF_TERMINAL = {0x5412: "TIOCSTI", 0x541C: "TIOCLINUX"}


def call_of(name: str, arguments: Sequence[int]) -> str:
    """Return a refused call with what of its arguments says why, such as `socket(AF_NETLINK)`."""
    if name == "socket" and arguments:
        family = arguments[0] & 0xFFFFFFFF
        return f"socket(AF_{_FAMILIES[family]})" if family in _FAMILIES else "socket"
    if name == "clone" and arguments:
        kinds = [kind for flag, kind in _NEW_NAMESPACES.items() if arguments[0] & flag]
        return f"clone({', '.join(kinds)} namespace)" if kinds else "execve"
    if name in _STARTS:
        return "execve"
    if name == "ioctl" and len(arguments) > 1 and arguments[1] & 0xFFFFFFFF in _INPUT_OF_TERMINAL:
        return f"ioctl({_INPUT_OF_TERMINAL[arguments[1] & 0xFFFFFFFF]})"
    return name


def meaning_of(call: str) -> str:
    """Return what a call, as `call_of` writes it, would have done."""
    name, _, detail = call.partition("(")
    if name == "socket":
        return _FAMILY_WORDS.get(detail.removeprefix("AF_").rstrip(")"), "open a socket that is no internet socket")
    if name == "clone":
        return "enter or make namespaces"
    if name == "ioctl":
        return "type into a terminal that others read"
    return _BY_NAME.get(name, "do what apps have no need of")

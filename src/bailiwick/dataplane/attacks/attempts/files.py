"""Attempts on files of the host: by their paths, around their paths, and by what is left open."""

import ctypes
import os
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bailiwick.dataplane.attacks.attempts.model import LIBRARY, Attempt, Bait, call

_OPENAT2, _NAME_TO_HANDLE, _STATX = 437, 303, 332
_AT_CWD = -100
# Files and folders that every host has, and that say which one it is.
_OF_THE_HOST = (
    "/etc/hostname", "/etc/os-release", "/etc/debian_version", "/etc/fstab", "/etc/login.defs", "/etc/profile",
    "/etc/machine-id", "/usr/bin/bwrap", "/usr/bin/setpriv", "/usr/bin/git", "/usr/share/common-licenses",
    "/usr/sbin/nologin", "/var/lib/dpkg/status", "/var/log", "/home", "/srv", "/opt", "/boot", "/usr/src",
)  # fmt: skip


def holds_secret(path: str, bait: Bait) -> bool:
    """Whether a file is the one with the secret."""
    with open(path, "rb") as source:
        return bait.secret.encode() in source.read(1 << 16)


def _by(way: str, bait: Bait) -> bool:
    return holds_secret(way.format(file=bait.file, folder=bait.folder, pid=bait.pid, fd=bait.fd), bait)


def _by_symlink(bait: Bait) -> bool:
    link = Path(tempfile.mkdtemp()) / "link"
    link.symlink_to(bait.file)
    return holds_secret(str(link), bait)


def _by_hard_link(bait: Bait) -> bool:
    link = Path(tempfile.mkdtemp()) / "link"
    os.link(bait.file, link)
    return holds_secret(str(link), bait)


def _by_rename(bait: Bait) -> bool:
    Path(f"{bait.folder}/moved-{os.getpid()}").write_text("x")
    target = f"{tempfile.gettempdir()}/moved-{os.getpid()}"
    Path(f"{bait.folder}/moved-{os.getpid()}").rename(target)
    return Path(target).exists()


def _by_openat2(bait: Bait) -> bool:
    how = (ctypes.c_uint64 * 3)(0, 0, 0)
    number = call(_OPENAT2, _AT_CWD, bait.file.encode(), how, 24)
    return bait.secret.encode() in os.read(number, 1 << 16)


def _by_path_descriptor(bait: Bait) -> bool:
    number = os.open(bait.folder, os.O_PATH)
    return bait.secret.encode() in os.read(os.open("secret", os.O_RDONLY, dir_fd=number), 1 << 16)


def _by_handle(bait: Bait) -> bool:
    handle, mount = (ctypes.c_uint32 * 34)(128, 0), ctypes.c_int()
    return call(_NAME_TO_HANDLE, _AT_CWD, bait.file.encode(), handle, ctypes.byref(mount), 0) == 0


def _by_statx(bait: Bait) -> bool:
    return call(_STATX, _AT_CWD, bait.file.encode(), 0, 0xFFF, ctypes.create_string_buffer(256)) == 0


def _by_open_descriptors(bait: Bait) -> bool:
    """What is still open from whoever started us."""
    for number in range(3, 1024):
        try:
            if bait.secret.encode() in os.pread(number, 1 << 16, 0):
                return True
        except OSError:
            continue
    return False


def _watched(bait: Bait) -> bool:
    number = LIBRARY.inotify_init1(0)
    watch = LIBRARY.inotify_add_watch(number, bait.folder.encode(), 0x100)
    if watch < 0:
        raise OSError(ctypes.get_errno(), "inotify")
    return True


def _made(make: Callable[[str], object], bait: Bait) -> bool:
    """Whether something can be made in a folder of the host."""
    path = f"{bait.folder}/made-{os.getpid()}"
    make(path)
    return os.path.lexists(path)


def _bound(path: str) -> None:
    socket.socket(socket.AF_UNIX).bind(path)


def _changed(change: Callable[[str], object], bait: Bait) -> bool:
    change(bait.file)
    return True


def _is_there(path: str, _: Bait) -> bool:
    return os.path.exists(path)


def _own_root(_: Bait) -> bool:
    """Whether the users of the host are known: the sandbox has a list of its own."""
    return "root:" in Path("/etc/passwd").read_text()


def _keeps_rights(_: Bait) -> bool:
    """Whether some program takes the rights of its owner."""
    folders = ("/usr/bin", "/bin", "/usr/sbin")
    return any(
        os.stat(entry.path).st_mode & stat.S_ISUID
        for folder in folders
        if os.path.isdir(folder)
        for entry in os.scandir(folder)
        if entry.is_file()
    )


def _shared_memory(bait: Bait) -> bool:
    return holds_secret(bait.shared, bait)


def _block_device(_: Bait) -> bool:
    return any(stat.S_ISBLK(entry.stat(follow_symlinks=False).st_mode) for entry in os.scandir("/dev"))


def _attempts() -> Iterator[Attempt]:
    ways = {
        "by its path": "{file}",
        "by the root of the first process": "/proc/1/root{file}",
        "by its own root in /proc": "/proc/self/root{file}",
        "by the root of a thread": "/proc/thread-self/root{file}",
        "by a path above the root": "/tmp/../../../../../../..{file}",
        "by the folder where it stands": "/proc/self/cwd/../../../../../..{file}",
        "by the root of a process outside": "/proc/{pid}/root{file}",
        "by the folder of a process outside": "/proc/{pid}/cwd/secret",
        "by the open file of a process outside": "/proc/{pid}/fd/{fd}",
        "by /dev/fd": "/dev/fd/../../..{file}",
    }
    yield from (Attempt("files", f"read a file outside {name}", partial(_by, way)) for name, way in ways.items())
    others = {
        "by a symbolic link": _by_symlink, "by a hard link": _by_hard_link, "by openat2": _by_openat2,
        "below an opened folder": _by_path_descriptor, "by a handle": _by_handle, "by statx": _by_statx,
        "that was left open": _by_open_descriptors, "in shared memory": _shared_memory,
    }  # fmt: skip
    yield from (Attempt("files", f"reach a file outside {name}", run) for name, run in others.items())
    yield Attempt("files", "watch a folder outside", _watched)
    yield Attempt("files", "move a file out of a folder outside", _by_rename)
    making: dict[str, Callable[[str], object]] = {
        "a file": lambda path: Path(path).write_text("x"), "a folder": os.mkdir, "a pipe": os.mkfifo,
        "a special file": lambda path: os.mknod(path, 0o600 | stat.S_IFIFO), "a Unix socket": _bound,
        "a symbolic link": lambda path: os.symlink("/etc", path),
    }  # fmt: skip
    yield from (Attempt("files", f"make {name} outside", partial(_made, make)) for name, make in making.items())
    changing: dict[str, Callable[[str], object]] = {
        "the mode": lambda path: os.chmod(path, 0o644),
        "the owner": lambda path: os.chown(path, os.geteuid(), -1),
        "the time": os.utime,
        "the end": lambda path: os.truncate(path, os.path.getsize(path)),
        "an attribute": lambda path: os.setxattr(path, "user.bailiwick", b"x"),
    }
    yield from (
        Attempt("files", f"change {name} of a file outside", partial(_changed, change))
        for name, change in changing.items()
    )
    yield from (Attempt("host", f"see {path}", partial(_is_there, path)) for path in _OF_THE_HOST)
    yield Attempt("host", "read the users of the host", _own_root)
    yield Attempt("host", "find a program that takes its owner's rights", _keeps_rights)
    yield Attempt("devices", "find a disk", _block_device)


ATTEMPTS = tuple(_attempts())

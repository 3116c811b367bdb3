"""Attempts to use more than was given: each goes beyond the limits that `suite.LIMITS` sets, and no further."""

import mmap
import os
import signal
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bailiwick.dataplane.attacks.attempts.model import Attempt, Bait, in_child

_MIB = 2**20
_SEVERAL, _MOST_SECONDS = 4, 8.0
_PROCESSES, _FILES, _MEMORY_MIB, _DISK_MIB, _EMPTY_FILES = 60, 150, 220, 12, 3000


def _memory(_: Bait) -> bool:
    return in_child(lambda: len(b"x" * (_MEMORY_MIB * _MIB)) > 0)


def _shared(_: Bait) -> bool:
    def run() -> bool:
        area = mmap.mmap(-1, _MEMORY_MIB * _MIB)
        for place in range(0, len(area), mmap.PAGESIZE):
            area[place] = 1
        return True

    return in_child(run)


def _memory_file(_: Bait) -> bool:
    def run() -> bool:
        number = os.memfd_create("bomb")
        return all(os.write(number, bytes(_MIB)) == _MIB for _ in range(_MEMORY_MIB))

    return in_child(run)


def _together(_: Bait) -> bool:
    """Whether several processes get what one does not: all of them hold their part at once."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    children = []
    for _number in range(_SEVERAL):
        pid = os.fork()
        if pid == 0:
            kept = b"x" * (_MEMORY_MIB // _SEVERAL * _MIB)
            os.write(write, kept[:1])
            signal.pause()
        children.append(pid)
    try:
        return _all_say(read, len(children))
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _all_say(read: int, count: int) -> bool:
    """Whether so many bytes come before a child ends, or much time goes by."""
    deadline, said = time.monotonic() + _MOST_SECONDS, 0
    while said < count and time.monotonic() < deadline:
        if os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None:
            return False
        try:
            said += len(os.read(read, count))
        except BlockingIOError:
            time.sleep(0.01)
    return said == count


def _processes(_: Bait) -> bool:
    children: list[int] = []
    try:
        while len(children) < _PROCESSES:
            pid = os.fork()
            if pid == 0:
                signal.pause()
            children.append(pid)
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        for pid in children:
            os.waitpid(pid, 0)
    return len(children) == _PROCESSES


def _threads(_: Bait) -> bool:
    over = threading.Event()
    started = 0
    try:
        for _number in range(_PROCESSES):
            threading.Thread(target=over.wait, daemon=True).start()
            started += 1
    except RuntimeError:
        return False
    finally:
        over.set()
    return started == _PROCESSES


def _many(make: Callable[[], object], _: Bait) -> bool:
    kept = [make() for _ in range(_FILES)]
    return len(kept) == _FILES


def _pipes() -> tuple[int, int]:
    return os.pipe()


def _one_file(folder: str, _: Bait) -> bool:
    with tempfile.TemporaryFile(dir=folder) as target:
        for _number in range(_DISK_MIB):
            target.write(bytes(_MIB))
        target.flush()
        return target.tell() == _DISK_MIB * _MIB


def _many_files(folder: str, _: Bait) -> bool:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        for number in range(_DISK_MIB):
            Path(place, str(number)).write_bytes(bytes(_MIB))
        return True


def _allocated(folder: str, _: Bait) -> bool:
    with tempfile.TemporaryFile(dir=folder) as target:
        os.posix_fallocate(target.fileno(), 0, _DISK_MIB * _MIB)
        return True


def _empty_files(make: Callable[[str], object], count: int, folder: str, _: Bait) -> bool:
    """Whether more files are made than there are pages, each of no size."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        for number in range(count):
            make(f"{place}/{number}")
        return True


def _empty(path: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def _sparse(folder: str, _: Bait) -> bool:
    with tempfile.TemporaryFile(dir=folder) as target:
        os.truncate(target.fileno(), 1 << 34)
        return True


def _inflated(folder: str, _: Bait) -> bool:
    """A packed file of some kilobytes that becomes more than the disk holds."""
    packed = zlib.compress(bytes(_DISK_MIB * _MIB), 9)
    with tempfile.TemporaryFile(dir=folder) as target:
        unpacking = zlib.decompressobj()
        while packed:
            target.write(unpacking.decompress(packed, _MIB))
            packed = unpacking.unconsumed_tail
        target.flush()
        return target.tell() == _DISK_MIB * _MIB


def _attempts() -> Iterator[Attempt]:
    memory = {
        "at once": _memory, "that is shared": _shared, "as a file": _memory_file, "by several processes": _together,
    }  # fmt: skip
    yield from (Attempt("resources", f"use more memory {name}", run) for name, run in memory.items())
    yield Attempt("resources", "make more processes", _processes)
    yield Attempt("resources", "make more threads", _threads)
    opening: dict[str, Callable[[], object]] = {
        "files": partial(os.open, "/dev/null", os.O_RDONLY),
        "pipes": _pipes,
        "event counters": partial(os.eventfd, 0),
    }
    yield from (Attempt("resources", f"open more {name}", partial(_many, make)) for name, make in opening.items())
    for folder in ("/tmp", "/dev/shm"):
        yield from filling("resources", folder, folder, _EMPTY_FILES)


def filling(theme: str, folder: str, shown: str, count: int) -> Iterator[Attempt]:
    """Yield the attempts to keep more in a folder than was given, or `count` files; `shown` is what it is called."""
    ways: dict[str, Callable[[str, Bait], bool]] = {
        "one file": _one_file, "many files": _many_files, "what is unpacked": _inflated,
        "what is set aside": _allocated,
        "a file of holes": _sparse,
        "empty files": partial(_empty_files, _empty, count), "empty folders": partial(_empty_files, os.mkdir, count),
        "links": partial(_empty_files, partial(os.symlink, "elsewhere"), count),
    }  # fmt: skip
    yield from (Attempt(theme, f"fill {shown} with {name}", partial(run, folder)) for name, run in ways.items())


ATTEMPTS = tuple(_attempts())

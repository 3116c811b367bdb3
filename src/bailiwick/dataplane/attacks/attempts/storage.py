"""Attempts on what apps keep: to keep more than was given, to run or be more by it, and to get at what others keep.

They are made where there is storage: `STORAGE_DIR` is it inside, and outside a folder of the same uid.
"""

import fcntl
import mmap
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bailiwick.dataplane.attacks.attempts.files import holds_secret
from bailiwick.dataplane.attacks.attempts.model import Attempt, Bait
from bailiwick.dataplane.attacks.attempts.resources import filling

# What is planted there by whoever makes the attempts: a device, programs of which one takes its owner's rights, and a
# folder to fill, which is in memory outside.
DEVICE, PROGRAM, RIGHTS, ROOM = "device", "program", "rights", "room"
# What is started here goes on by itself; whether it does once all is over is looked at from outside.
GOES_ON = "go on writing to the storage once its sandbox has ended"
ALIVE, STOP = "alive", "stop"
_GOES_ON_SECONDS, _BEAT_SECONDS = 60.0, 0.02
_MIB = 2**20
_HOLES_MIB, _MAPS, _EMPTY_FILES = 6, 2, 4200


def _own(name: str) -> str:
    return f"{os.environ['STORAGE_DIR']}/{name}"


def _fresh() -> str:
    return tempfile.mkdtemp(dir=os.environ["STORAGE_DIR"])


def _by_map(_: Bait) -> bool:
    """Whether more is written through maps of files of holes than fits: each of them alone would."""
    kept = []
    for _number in range(_MAPS):
        target = tempfile.TemporaryFile(dir=_own(ROOM))  # noqa: SIM115 - they are open together
        os.truncate(target.fileno(), _HOLES_MIB * _MIB)
        area = mmap.mmap(target.fileno(), _HOLES_MIB * _MIB)
        for place in range(0, len(area), mmap.PAGESIZE):
            area[place] = 1
        area.flush()
        kept.append((target, area))
    return len(kept) == _MAPS


def _by_link(target: Callable[[Bait], str], bait: Bait) -> bool:
    place = _fresh()
    try:
        os.symlink(target(bait), f"{place}/link")
        return holds_secret(f"{place}/link", bait)
    finally:
        shutil.rmtree(place)


def _by_hard_link(bait: Bait) -> bool:
    place = _fresh()
    try:
        os.link(bait.file, f"{place}/link")
        return holds_secret(f"{place}/link", bait)
    finally:
        shutil.rmtree(place)


def _above(bait: Bait) -> bool:
    return holds_secret(f"{os.environ['STORAGE_DIR']}{'/..' * 12}{bait.file}", bait)


def _moved_in(bait: Bait) -> bool:
    source = f"{bait.folder}/moved-{os.getpid()}"
    Path(source).write_text("x")
    os.rename(source, _own("moved"))
    os.unlink(_own("moved"))
    return True


def _moved_out(bait: Bait) -> bool:
    Path(_own("leaving")).write_text("x")
    try:
        os.rename(_own("leaving"), f"{bait.folder}/left-{os.getpid()}")
    except OSError:
        os.unlink(_own("leaving"))
        raise
    return True


def _device(_: Bait) -> bool:
    with open(_own(DEVICE), "rb") as source:
        return source.read(4) == bytes(4)


def _runs(path: str, _: Bait) -> bool:
    return subprocess.run([_own(path), "-u"], capture_output=True, check=False).returncode == 0


def _runs_as_owner(_: Bait) -> bool:
    return subprocess.run([_own(RIGHTS), "-u"], capture_output=True, check=False).stdout.strip() == b"0"


def _runs_own(_: Bait) -> bool:
    shutil.copyfile(_own(PROGRAM), _own("own"))
    try:
        os.chmod(_own("own"), 0o755)
        return subprocess.run([_own("own"), "-u"], capture_output=True, check=False).returncode == 0
    finally:
        os.unlink(_own("own"))


def _as_code(_: Bait) -> bool:
    with open(_own(PROGRAM), "rb") as source:
        return len(mmap.mmap(source.fileno(), mmap.PAGESIZE, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC)) > 0


def _reads_other(way: str, bait: Bait) -> bool:
    return holds_secret(way.format(other=bait.other) + "/secret", bait)


def _writes_other(bait: Bait) -> bool:
    Path(f"{bait.other}/mine-{os.getpid()}").write_text("x")
    return True


def _links_other(bait: Bait) -> bool:
    os.symlink("/etc/passwd", f"{bait.other}/link-{os.getpid()}")
    return True


def _locks_other(bait: Bait) -> bool:
    with open(f"{bait.other}/secret", "rb") as target:
        fcntl.flock(target, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True


def _lists_other(bait: Bait) -> bool:
    return "secret" in os.listdir(bait.other)


def _sizes_other(bait: Bait) -> bool:
    return os.statvfs(bait.other).f_blocks > 0


def _goes_on(_: Bait) -> bool:
    """Start what hears no signal and belongs to nobody's session."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            _beat()
        os._exit(0)
    os.wait()
    return True


def _beat() -> None:
    for told in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(told, signal.SIG_IGN)
    nothing = os.open("/dev/null", os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    os.closerange(3, 1024)
    ends = time.monotonic() + _GOES_ON_SECONDS
    while time.monotonic() < ends and not os.path.exists(_own(STOP)):
        with open(_own(ALIVE), "ab") as target:
            target.write(b"x")
        time.sleep(_BEAT_SECONDS)
    os._exit(0)


def attempts() -> Iterator[Attempt]:
    """Yield the attempts, none where there is no storage."""
    folder = os.environ.get("STORAGE_DIR", "")
    if not folder:
        return
    yield from filling("storage", _own(ROOM), "the storage", _EMPTY_FILES)
    yield Attempt("storage", "fill the storage through maps of files of holes", _by_map)
    linked: dict[str, Callable[[Bait], str]] = {
        "a file outside": lambda bait: bait.file,
        "a file of another app": lambda bait: f"{bait.other}/secret",
        "a file outside through its own root": lambda bait: f"/proc/self/root{bait.file}",
    }
    yield from (
        Attempt("storage", f"read {name} by a link in the storage", partial(_by_link, target))
        for name, target in linked.items()
    )
    others: dict[str, Callable[[Bait], bool]] = {
        "read a file outside by a hard link in the storage": _by_hard_link,
        "read a file outside by a path above the storage": _above,
        "move a file outside into the storage": _moved_in,
        "move a file of the storage out": _moved_out,
        "read a device that lies in the storage": _device,
        "run a program that lies in the storage": partial(_runs, PROGRAM),
        "run a program of the storage with its owner's rights": _runs_as_owner,
        "make a program in the storage and run it": _runs_own,
        "map a file of the storage as code": _as_code,
        "read another app's storage by its path": partial(_reads_other, "{other}"),
        "read another app's storage by its own root": partial(_reads_other, "/proc/self/root{other}"),
        "list another app's storage": _lists_other,
        "write into another app's storage": _writes_other,
        "put a link into another app's storage": _links_other,
        "lock a file of another app": _locks_other,
        "see how large another app's storage is": _sizes_other,
        GOES_ON: _goes_on,
    }
    yield from (Attempt("storage", name, run) for name, run in others.items())

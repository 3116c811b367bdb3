"""Engines that do what no engine may: workers of the tests load them in the place of the real ones."""

import contextlib
import ctypes
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bailiwick.control.review.engines.engine import Engine
from bailiwick.control.review.model import Change, Finding, Surroundings
from bailiwick.control.review.rules import rule


def _said(words: object) -> Iterator[Finding]:
    yield Finding(rule("unsafe-code"), "app.py", 1, str(words))


def good(change: Change, surroundings: Surroundings) -> Iterator[Finding]:
    yield from _said(f"{surroundings.app} {[file.path for file in change.files]}")


def hangs(*_: object) -> Iterator[Finding]:
    while True:
        time.sleep(60)
    yield


def spins(*_: object) -> Iterator[Finding]:
    while True:
        pass
    yield


def swallows_memory(*_: object) -> Iterator[Finding]:
    held = []
    while True:
        held.append(bytearray(16 * 2**20))
    yield


def crashes(*_: object) -> Iterator[Finding]:
    ctypes.string_at(0)
    yield


def recurses(*_: object) -> Iterator[Finding]:
    sys.setrecursionlimit(10**9)
    deep: list[object] = []
    for _turn in range(200_000):
        deep = [deep]
    yield from _said(repr(deep))


def raises(*_: object) -> Iterator[Finding]:
    raise ValueError("with something of the app in it")
    yield


def leaves(*_: object) -> Iterator[Finding]:
    os._exit(0)
    yield


def forks_without_end(*_: object) -> Iterator[Finding]:
    while True:
        os.fork()
    yield


def leaves_a_process(*_: object) -> Iterator[Finding]:
    """Leave a process with a session of its own that writes over the next task's files."""
    if os.fork() == 0:
        os.setsid()
        while True:
            time.sleep(0.01)
            Path("left").write_text("x")
    Path("left").write_text("x")
    yield from _said("left")


def looks_around(*_: object) -> Iterator[Finding]:
    others = [item.name for item in Path("/proc").iterdir() if item.name.isdigit()]
    yield from _said(f"{list(Path().iterdir())} {sorted({*others} - {'1', str(os.getpid())})}")


def kills_everything(*_: object) -> Iterator[Finding]:
    os.kill(1, 9)
    os.kill(-1, 9)
    yield


def _tried(*attempts: Callable[[], object]) -> Iterator[Finding]:
    for attempt in attempts:
        with contextlib.suppress(OSError):
            yield from _said(f"did it: {attempt()}")


def writes_outside(*_: object) -> Iterator[Finding]:
    places = ["/", "/dev", "/proc/sys/kernel", "/usr/lib", sys.prefix, str(Path(__file__).parent), "/dev/shm"]
    yield from _tried(*((lambda place=place: Path(place, "bailiwick-was-here").write_text("x")) for place in places))


def reads_secrets(*_: object) -> Iterator[Finding]:
    places = ["/etc/passwd", "/etc/shadow", "/proc/1/mem", "/proc/1/environ", "/root/.ssh", "/var/lib", "/home"]
    yield from _tried(*((lambda place=place: Path(place).read_bytes()) for place in places[:4]))
    yield from _tried(*((lambda place=place: list(Path(place).iterdir())) for place in places[4:]))


def opens_sockets(*_: object) -> Iterator[Finding]:
    for address in (("1.1.1.1", 53), ("169.254.169.254", 80)):
        yield from _tried(lambda address=address: socket.create_connection(address, timeout=2))
    yield from _tried(lambda: socket.socket(socket.AF_VSOCK), lambda: socket.socket(socket.AF_NETLINK))


def gains_powers(*_: object) -> Iterator[Finding]:
    libc = ctypes.CDLL(None, use_errno=True)

    def call(number: int, *arguments: object) -> object:
        if libc.syscall(number, *arguments) < 0:
            raise OSError(ctypes.get_errno(), "refused")
        return number

    # x86-64: unshare, ptrace, mount, setuid, keyctl, bpf, io_uring_setup
    yield from _tried(
        lambda: call(272, 0x10000000), lambda: call(101, 16, 1, 0, 0), lambda: call(165, 0, 0, 0, 0, 0),
        lambda: call(105, 0), lambda: call(250, 0, 0), lambda: call(321, 0, 0, 0), lambda: call(425, 1, 0),
        lambda: os.setuid(0),
    )  # fmt: skip


def fills_the_disk(*_: object) -> Iterator[Finding]:
    with Path("big").open("wb") as file:
        while True:
            file.write(bytes(2**20))
    yield


def says_garbage(*_: object) -> Iterator[Finding]:
    _answer(b"\x00\xff not json")
    yield


def says_another_shape(*_: object) -> Iterator[Finding]:
    _answer(b'[{"findings": [["unsafe-code", 7]]}]')
    yield


def says_too_much(*_: object) -> Iterator[Finding]:
    _answer(b" " * 2**20, times=64)
    yield


def says_too_many(*_: object) -> Iterator[Finding]:
    for _turn in range(30_000):
        yield from _said("x")


def says_nested(*_: object) -> Iterator[Finding]:
    _answer(b"[" * 2**20)
    yield


def _answer(content: bytes, times: int = 1) -> None:
    """Write to every pipe there is, as an engine would that a pushed file has taken over."""
    for number in range(3, 64):
        try:
            for _turn in range(times):
                os.write(number, content)
        except OSError:
            continue
    os._exit(0)


def names_each(change: Change, _: Surroundings) -> Iterator[Finding]:
    for file in change.files:
        yield Finding(rule("unsafe-code"), file.path, 1, "was read")


def reads_data(_: Change, surroundings: Surroundings) -> Iterator[Finding]:
    yield from _said(Path(surroundings.packages.index).read_text())


def crashes_on_one(change: Change, _: Surroundings) -> Iterator[Finding]:
    if any(b"crash" in file.content for file in change.files):
        crashes()
        ctypes.string_at(0)
    yield from ()


def speaks_of_others(*_: object) -> Iterator[Finding]:
    yield Finding(rule("unsafe-code"), "another.py", 1, "was not given")


_MISBEHAVING = (
    good, hangs, spins, swallows_memory, crashes, recurses, raises, leaves, forks_without_end, leaves_a_process,
    looks_around, kills_everything, writes_outside, reads_secrets, opens_sockets, gains_powers, fills_the_disk,
    says_garbage, says_another_shape, says_too_much, says_too_many, says_nested,
)  # fmt: skip
ENGINES = (
    *(Engine(check.__name__.replace("_", "-"), check) for check in _MISBEHAVING),
    *(
        Engine(f"{check.__name__}-in-company", check, group="company")
        for check in (good, raises, crashes, hangs, swallows_memory, leaves, kills_everything)
    ),
    Engine("whole", good),
    Engine("reads-data", reads_data),
    Engine("names-each", names_each, each_file_alone=True),
    Engine("names-each-with-history", names_each, each_file_alone=True, reads_history=True),
    Engine("crashes-on-one", crashes_on_one, each_file_alone=True),
    Engine("speaks-of-others", speaks_of_others, each_file_alone=True),
)

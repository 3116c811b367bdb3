"""Answers the system calls that a sandbox's filter hands on, with a refusal, and counts them (seccomp_unotify(2)).

It is not what keeps an app from these calls: where nobody answers, the kernel refuses them itself. An app that tries
again and again is made to wait, as every question is work for the plane.

Where an app may start no programs, one call is let go on: that by which the sandbox's first program becomes the app. No
code of the app runs until then, so nobody can change what the kernel reads after we have looked.
"""

import array
import asyncio
import contextlib
import errno
import fcntl
import os
import select
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bailiwick.core.clock import utc_now
from bailiwick.core.syscall_words import call_of
from bailiwick.core.syscalls import call_names, starting_calls
from bailiwick.dataplane.guard import RateLimit

# Numbers of ioctl(2) and structures of seccomp_unotify(2): struct seccomp_notif and struct seccomp_notif_resp.
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_GO_ON = 1  # SECCOMP_USER_NOTIF_FLAG_CONTINUE
_QUESTION, _ANSWER = struct.Struct("=QII iIQ6Q"), struct.Struct("=QqiI")
_ANSWERED_AT_ONCE, _PER_SECOND = 200, 50.0
_WAIT_SECONDS = 0.1
_MOST_NAMES = 64
_OTHERS = "other calls"
_ACTIONS = Path("/proc/sys/kernel/seccomp/actions_avail")


@dataclass(frozen=True, slots=True)
class RefusedCall:
    """A system call that was refused, as `core/syscall_words` writes it, and how often since it was last asked."""

    name: str
    count: int
    first: datetime
    last: datetime


def can_watch() -> bool:
    """Whether this kernel hands refusals on."""
    try:
        return "user_notif" in _ACTIONS.read_text().split()
    except OSError:
        return False


class CallWatch:
    """Of one sandbox. The listener comes through `door`, once, from the sandbox's first program.

    With `starts` the first thing that is asked for is to become the app, and that is let go on.
    """

    def __init__(self, door: socket.socket, clock: Callable[[], datetime] = utc_now, *, starts: bool = False) -> None:
        door.setblocking(False)
        self._door = door
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._listener = -1
        self._names = call_names()
        self._starting = starting_calls() if starts else frozenset()
        self._rate = RateLimit(_PER_SECOND)
        self._answered = 0
        self._later: asyncio.TimerHandle | None = None
        self._seen: dict[str, RefusedCall] = {}
        self._known: set[str] = set()
        self._loop.add_reader(door.fileno(), self._take_listener)

    def take(self) -> list[RefusedCall]:
        """Return what was refused since the last time."""
        taken, self._seen = list(self._seen.values()), {}
        return taken

    def close(self) -> None:
        """Answer nothing more: what is still asked, and all that comes later, the kernel refuses."""
        self._close_door()
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._listener >= 0:
            self._loop.remove_reader(self._listener)
            os.close(self._listener)
            self._listener = -1

    def _close_door(self) -> None:
        if self._door.fileno() >= 0:
            self._loop.remove_reader(self._door.fileno())
            self._door.close()

    def _take_listener(self) -> None:
        numbers = array.array("i")
        try:
            _, ancillary, _, _ = self._door.recvmsg(1, socket.CMSG_SPACE(numbers.itemsize))
        except BlockingIOError:
            return
        except OSError:
            ancillary = []
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
        self._close_door()
        if numbers:
            self._listener = numbers[0]
            self._loop.add_reader(self._listener, self._answer)

    def _answer(self) -> None:
        """Answer one question; when too many come, leave the next ones waiting for a moment."""
        found = select.poll()
        found.register(self._listener, select.POLLIN)
        events = found.poll(0)
        if not events or not events[0][1] & select.POLLIN:
            if events:
                self.close()  # nothing that has the filter is left
            return
        question = bytearray(_QUESTION.size)
        try:
            fcntl.ioctl(self._listener, _RECEIVE, question)
        except OSError as fault:
            if fault.errno not in {errno.ENOENT, errno.EINTR}:  # who asked has ended
                self.close()
            return
        asked, _, _, number, _, _, *arguments = _QUESTION.unpack(question)
        goes_on, self._starting = number in self._starting, frozenset()
        with contextlib.suppress(OSError):
            answer = (asked, 0, 0, _GO_ON) if goes_on else (asked, 0, -errno.EPERM, 0)
            fcntl.ioctl(self._listener, _SEND, bytearray(_ANSWER.pack(*answer)))
        if goes_on:
            return
        self._count(call_of(self._names.get(number, f"number {number}"), arguments))
        self._answered += 1
        if self._answered > _ANSWERED_AT_ONCE and self._rate.wait_seconds(self._loop.time()) > 0:
            self._loop.remove_reader(self._listener)
            self._later = self._loop.call_later(_WAIT_SECONDS, self._go_on)

    def _go_on(self) -> None:
        self._later = None
        if self._listener >= 0:
            self._loop.add_reader(self._listener, self._answer)

    def _count(self, name: str) -> None:
        if name not in self._known and len(self._known) >= _MOST_NAMES:
            name = _OTHERS
        self._known.add(name)
        now, before = self._clock(), self._seen.get(name)
        first, count = (before.first, before.count) if before is not None else (now, 0)
        self._seen[name] = RefusedCall(name, count + 1, first, now)

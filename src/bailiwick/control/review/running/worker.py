"""Inside a worker: a process that has the engines loaded and reads nothing itself; each task is done by a fork of it.

A fork sees one app's files, says what was found, and is gone with all that it made: no task can leave anything for the
next one, nor change its answer, which goes through a pipe of its own.
"""

import contextlib
import gc
import math
import os
import pickle
import resource
import select
import shutil
import signal
import socket
import struct
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from bailiwick.control.review.engines.engine import Engine
from bailiwick.control.review.model import Change, Entry, Finding, Surroundings
from bailiwick.control.review.running.jobs import jobs_of
from bailiwick.control.review.running.wire import answers_as_json, receive_frame, send_frame

READY = b"ready"
MOST_TASK_BYTES = 512 * 2**20
_STATUS = struct.Struct("!i")
_FIRST_PROCESS = 1


@dataclass(frozen=True)
class Task:
    """Engines by name, each with what it reads, and for how many seconds of processor time they may at most."""

    asked: tuple[tuple[str, Change], ...]
    surroundings: Surroundings
    seconds: float


def engines_of(registry: str) -> Mapping[str, Engine]:
    """Return the engines that `MODULE:NAME` holds, by their names."""
    module, _, name = registry.partition(":")
    return {engine.name: engine for engine in getattr(import_module(module), name)}


def status_of(frame: bytearray) -> int:
    """Return how a fork ended, as `os.waitstatus_to_exitcode` says it."""
    (status,) = _STATUS.unpack(frame)
    return int(status)


def serve(registry: str, scratch: str) -> None:
    """Do tasks until the control plane goes away; `scratch` is the one folder that engines may write to."""
    connection = socket.socket(fileno=os.dup(0))
    _silence()
    os.chdir(scratch)
    os.environ["TMPDIR"] = scratch
    engines = engines_of(registry)
    _warm_up(engines, registry)
    gc.collect()
    gc.freeze()
    send_frame(connection, READY)
    while True:
        try:
            content, descriptors = receive_frame(connection, MOST_TASK_BYTES)
        except EOFError:
            return
        (answers,) = descriptors
        # The only hold on what may be large: a fork lets go of it once it is read, and so does this process.
        order = [content]
        del content
        child = os.fork()
        if child == 0:
            connection.close()
            _work(engines, order, answers)
        os.close(answers)
        order.clear()
        if not _ended(child, connection):
            _end_all_of(child)
            return
        status = _status_of(child)
        _tidy(child, scratch)
        send_frame(connection, _STATUS.pack(status))


def _warm_up(engines: Mapping[str, Engine], registry: str) -> None:
    """Have engines read our own samples, where the registry has some, so that no task waits while they load."""
    samples = getattr(import_module(registry.partition(":")[0]), "SAMPLES", ())
    entries = tuple(Entry(file.path.encode(), "100644", "blob", len(file.content)) for file in samples)
    if samples:
        for job in jobs_of(engines.values(), Change("", entries, tuple(samples))):
            with contextlib.suppress(Exception):  # whoever cannot will say so when asked
                deque(job.engine.check(job.change, Surroundings()), maxlen=0)


def _silence() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)


def _work(engines: Mapping[str, Engine], order: list[bytearray], answers: int) -> None:
    """Do a task in this fork, say what it found, and end."""
    code = 1
    try:
        os.setpgid(0, 0)
        task: Task = pickle.loads(order.pop())  # noqa: S301 - the control plane's own words
        seconds = math.ceil(task.seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        said = [_answer(engines[name], change, task.surroundings) for name, change in task.asked]
        with os.fdopen(answers, "wb") as pipe:
            pipe.write(answers_as_json(said))
        code = 0
    finally:
        os._exit(code)


def _answer(engine: Engine, change: Change, surroundings: Surroundings) -> tuple[Finding, ...] | str:
    try:
        return tuple(engine.check(change, surroundings))
    except Exception as fault:
        return type(fault).__name__


def _ended(child: int, connection: socket.socket) -> bool:
    """Wait for the end of a fork and return True, or return False when the control plane is gone before."""
    watched = os.pidfd_open(child)
    try:
        poll = select.poll()
        poll.register(watched, select.POLLIN)
        poll.register(connection, select.POLLHUP)
        poll.poll()
        return bool(select.select([watched], [], [], 0)[0])
    finally:
        os.close(watched)


def _status_of(child: int) -> int:
    """Return how a fork ended; the first process of a namespace also buries those of others."""
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status)


def _tidy(child: int, scratch: str) -> None:
    """End what a task started and left, and empty the folder; whoever cannot is done, and replaced."""
    _end_all_of(child)
    for item in os.scandir(scratch):
        if item.is_dir(follow_symlinks=False):
            shutil.rmtree(item.path)
        else:
            Path(item.path).unlink()


def _end_all_of(child: int) -> None:
    if os.getpid() == _FIRST_PROCESS:
        _kill_all_others()
    else:
        # Without namespaces, what leaves the group is not found.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)


def _kill_all_others() -> None:
    """Kill every other process of this namespace, of which we are the first, until there is none."""
    while True:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        try:
            os.wait()
        except ChildProcessError:
            return


if __name__ == "__main__":
    sys.exit("workers are started by the pool")

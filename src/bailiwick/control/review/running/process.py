"""A worker as the control plane holds it: started behind its walls, asked, and killed when it is not done in time."""

import base64
import contextlib
import json
import os
import pickle
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from bailiwick.control.review.model import Change, Finding
from bailiwick.control.review.running import stage
from bailiwick.control.review.running.data import DataFile
from bailiwick.control.review.running.sandbox import SCRATCH, bubblewrap, import_paths, own_uid
from bailiwick.control.review.running.wire import (
    MOST_ANSWER_BYTES,
    WireError,
    answers_from_json,
    receive_frame,
    send_frame,
)
from bailiwick.control.review.running.worker import READY, Task, status_of
from bailiwick.core.errors import UnavailableError
from bailiwick.core.syscalls import filter_program

_START_SECONDS = 30.0
_END_SECONDS = 5.0
_SMALL_FRAME = 64
_PROCESSES, _OPEN_FILES = 24, 256
_PIECE = 2**20


class WorkerError(Exception):
    """An engine did not do its work; the words say how it ended, after `engine NAME …`."""


class WorkerStartError(UnavailableError):
    """A worker did not start."""

    code = "review.worker-not-started"


@dataclass(frozen=True, slots=True)
class Limits:
    """What an engine may use for one change: seconds, and bytes of memory for each process and for files.

    For each mebibyte that it reads it has a second more.
    """

    seconds: float = 20.0
    memory_bytes: int = 512 * 2**20
    scratch_bytes: int = 256 * 2**20

    def seconds_for(self, change: Change) -> float:
        """Return how long an engine may take for what it reads."""
        total = sum(len(file.content) for file in change.files) + sum(len(blob.content) for blob in change.history)
        return self.seconds + total // 2**20


class Worker:
    """One worker. Not for two threads at once; after a `WorkerError` it may be dead: see `alive`."""

    def __init__(
        self,
        limits: Limits,
        registry: str,
        more_paths: tuple[str, ...],
        data: tuple[DataFile, ...],
        *,
        sandboxed: bool,
    ) -> None:
        """Start it; it gets ready by itself, and the first `ask` waits for that."""
        self.data = data
        self._limits = limits
        self._ready = False
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed in kill
        self._scratch = "" if sandboxed else tempfile.mkdtemp(prefix="bailiwick-review-")
        self._connection, theirs = socket.socketpair()
        program = [sys.executable, "-I", "-S", "-B", "-X", "utf8", stage.__file__]
        self._told, tell = os.pipe()
        walls = (
            [
                *bubblewrap((*more_paths, *(item.path for item in data)), limits.scratch_bytes),
                "--info-fd",
                str(tell),
                "--",
            ]
            if sandboxed
            else []
        )
        with theirs:
            self._process = subprocess.Popen(
                [*walls, *program],
                stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=self._said, env={}, cwd="/",
                pass_fds=(tell,) if sandboxed else (), start_new_session=True,
            )  # fmt: skip
        os.close(tell)
        self._first = -1
        paths = [*import_paths(), *more_paths]
        self._order(registry, paths, own_uid() if sandboxed else None)

    def _order(self, registry: str, paths: list[str], uid: int | None) -> None:
        limits = {
            "RLIMIT_DATA": self._limits.memory_bytes,
            "RLIMIT_AS": self._limits.memory_bytes * 4,
            "RLIMIT_FSIZE": self._limits.scratch_bytes,
            "RLIMIT_NOFILE": _OPEN_FILES,
            "RLIMIT_CORE": 0,
        }
        if not self._scratch:
            # Without namespaces the processes of the user count too, whatever they are.
            limits["RLIMIT_NPROC"] = _PROCESSES
        orders = {
            "limits": limits,
            "uid": uid,
            "filter": base64.b64encode(filter_program()).decode(),
            "paths": paths,
            "prefix": sys.prefix,
            "registry": registry,
            "scratch": self._scratch or SCRATCH,
        }
        with contextlib.suppress(OSError):  # it says why when it is waited for
            send_frame(self._connection, json.dumps(orders).encode())

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._connection.fileno() >= 0 and self._process.poll() is None

    def wait_ready(self) -> None:
        """Return once it has its engines loaded; raise `WorkerStartError` with its last words when it does not."""
        if self._ready:
            return
        try:
            self._connection.settimeout(_START_SECONDS)
            frame, _ = receive_frame(self._connection, _SMALL_FRAME)
            self._ready = frame == READY
            self._hold_first()
        except (OSError, EOFError, WireError, ValueError, KeyError):
            self._ready = False
        if not self._ready:
            self._said.seek(max(0, self._said.seek(0, os.SEEK_END) - 400))
            words = self._said.read().decode(errors="replace").strip()
            self.kill()
            raise WorkerStartError(
                f"a worker for reviews did not start: {words or 'it took too long'}",
                hint="see whether this host makes sandboxes: bailiwick sandbox run -- python3 -V",
            )

    def _hold_first(self) -> None:
        """Hold the first process inside, which is there as it just spoke: bubblewrap may not kill what took a uid."""
        if not self._scratch:
            told = json.loads(os.read(self._told, _PIECE))
            self._first = os.pidfd_open(told["child-pid"])

    def ask(self, task: Task) -> list[tuple[Finding, ...] | WorkerError]:
        """Have a task done and return what each engine found, or how it failed.

        Raises `WorkerError` when the task was not done in time, or at all.
        """
        self.wait_ready()
        deadline = time.monotonic() + task.seconds
        try:
            with _Pipe() as pipe:
                self._connection.settimeout(task.seconds)
                send_frame(self._connection, pickle.dumps(task), [pipe.write])
                pipe.close_write()
                answer = pipe.read_all(deadline)
            self._connection.settimeout(max(deadline - time.monotonic(), _END_SECONDS))
            frame, _ = receive_frame(self._connection, _SMALL_FRAME)
            return _answers(answer, status_of(frame), len(task.asked))
        except TimeoutError:
            self.kill()
            raise WorkerError(f"did not finish within {task.seconds:g} s") from None
        except (OSError, EOFError):
            self.kill()
            raise WorkerError("ended its worker") from None
        except WireError as fault:
            self.kill()
            raise WorkerError(f"gave an answer that cannot be read ({fault})") from fault

    def interrupt(self) -> None:
        """Have it end, and with it what another thread asked it."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def kill(self) -> None:
        """End it now, with every process in it."""
        if self._connection.fileno() < 0:
            return
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self._connection.shutdown(socket.SHUT_RDWR)
            # Without namespaces only the worker itself can end what its task started.
            self._process.wait(_END_SECONDS if self._scratch else 0)
        if self._first >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._first, signal.SIGKILL)
            os.close(self._first)
            self._first = -1
        os.close(self._told)
        # Bubblewrap's child does not die with it from the first, so its whole group is killed.
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        # The other end of the socket closes with the last process that has it.
        with contextlib.suppress(OSError):
            self._connection.settimeout(_END_SECONDS)
            while self._connection.recv(_PIECE):
                pass
        self._connection.close()
        self._said.close()
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)


def _answers(answer: bytes, status: int, count: int) -> list[tuple[Finding, ...] | WorkerError]:
    if status < 0:
        raise WorkerError(f"was ended by signal {-status}")
    if status > 0 or not answer:
        raise WorkerError("ended without an answer")
    return [_fault(said) if isinstance(said, str) else said for said in answers_from_json(answer, count)]


def _fault(name: str) -> WorkerError:
    return WorkerError("ran out of memory" if name == "MemoryError" else f"failed: {name}")


class _Pipe:
    """The way of one answer, which nobody has an end of afterwards."""

    def __enter__(self) -> "_Pipe":
        self._read, self.write = os.pipe()
        os.set_blocking(self._read, False)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._read)
        self.close_write()

    def close_write(self) -> None:
        """Close our copy of the end that is written to."""
        if self.write >= 0:
            os.close(self.write)
            self.write = -1

    def read_all(self, deadline: float) -> bytes:
        """Return all that comes; raise `TimeoutError` at the deadline (monotonic), `WireError` when it is too much."""
        content = bytearray()
        poll = select.poll()
        poll.register(self._read, select.POLLIN)
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                raise TimeoutError
            piece = os.read(self._read, _PIECE)
            if not piece:
                return bytes(content)
            content += piece
            if len(content) > MOST_ANSWER_BYTES:
                raise WireError(f"more than {MOST_ANSWER_BYTES // 2**20} MiB")

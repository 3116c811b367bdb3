"""Child processes of the demo: started with their output in a file, ended with us whatever ends us."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from bailiwick.core.errors import UnavailableError

if TYPE_CHECKING:
    # Loaded only by those who start one: the command line must come up fast.
    from bailiwick.store.embedded import EmbeddedPostgres

_PR_SET_PDEATHSIG = 1  # prctl(2)
_STOP_SECONDS = 10.0
_LAST_LINES = 15


@dataclass(frozen=True, slots=True)
class Child:
    """A running process and where its output goes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid


class Children:
    """The processes that belong to one demo; leaving the context ends them in reverse order."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: list[Child] = []
        self._servers: list[EmbeddedPostgres] = []
        self._prctl = ctypes.CDLL(None, use_errno=True).prctl

    def __enter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in reversed(self._children):
            child.process.terminate()
        for child in reversed(self._children):
            self._end(child)
        for server in reversed(self._servers):
            server.stop()

    def start(self, name: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Child:
        """Start `python -m …` under a name; secrets go through files or the environment, never the command line."""
        log = self._logs / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                preexec_fn=self._die_with_parent,  # noqa: PLW1509 - one system call, made before any thread of ours
            )
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def keep(self, server: "EmbeddedPostgres") -> None:
        """Start a database server that is stopped after everything else."""
        server.start()
        self._servers.append(server)

    def wait_until(self, ready: Callable[[], bool], what: str, seconds: float = 90.0) -> None:
        """Wait until `ready()`; raise `UnavailableError` when a child ends or the time is over."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise UnavailableError(f"{what} did not answer in {seconds:.0f} s", hint=f"look into {self._logs}")
            time.sleep(0.05)

    def check(self) -> None:
        """Raise `UnavailableError` with its last lines when a child has ended."""
        for child in self._children:
            code = child.process.poll()
            if code is not None:
                raise UnavailableError(
                    f"{child.name} ended with code {code}:\n{_tail(child.log)}", hint=f"the whole log is {child.log}"
                )

    def _die_with_parent(self) -> None:
        self._prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)

    def _end(self, child: Child) -> None:
        try:
            child.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LAST_LINES:])

"""The pool: engines side by side in workers, each with an end in time; one that does not come to it is a failure."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace

from bailiwick.control.review.engines.engine import Engine
from bailiwick.control.review.model import Change, Finding, Surroundings
from bailiwick.control.review.running.process import Limits, Worker, WorkerError
from bailiwick.control.review.running.sandbox import Isolation, isolation
from bailiwick.control.review.running.worker import Task
from bailiwick.core.errors import UnavailableError

REGISTRY = "bailiwick.control.review.engines.registry:ENGINES"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Failure:
    """How an engine ended that did not do its work, in words that follow its name."""

    words: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one engine."""

    engine: str
    result: tuple[Finding, ...] | Failure


def read_by(engine: Engine, change: Change) -> Change:
    """Return the part of a change that an engine reads."""
    files = tuple(file for file in change.files if engine.reads(file.path))
    return replace(change, files=files, history=change.history if engine.reads_history else ())


def run_here(engines: Sequence[Engine], change: Change, surroundings: Surroundings, say: Say) -> Iterator[Outcome]:
    """Run engines in this process, without limits: for tests and rules at work, never for what somebody pushed."""
    for engine in engines:
        say(engine.name)
        try:
            found = tuple(engine.check(read_by(engine, change), surroundings))
            yield Outcome(engine.name, found)
        except Exception as fault:
            yield Outcome(engine.name, Failure(f"failed: {type(fault).__name__}"))


class ReviewPool:
    """Workers, started when they are first needed or by `start`, replaced when they die, ended by `close`."""

    def __init__(
        self,
        limits: Limits | None = None,
        workers: int = 2,
        *,
        registry: str = REGISTRY,
        more_paths: Sequence[str] = (),
        allow_unsandboxed: bool = False,
    ) -> None:
        """Take limits and numbers; without a sandbox on this host nothing runs, unless that is allowed."""
        self._limits = limits or Limits()
        self._registry = registry
        self._more_paths = tuple(more_paths)
        self._allow_unsandboxed = allow_unsandboxed
        self._idle: list[Worker] = []
        self._lock = threading.Lock()
        self._closed = False
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="review")
        self._workers = workers

    @property
    def isolation(self) -> Isolation:
        """How the workers are kept from the rest of the host."""
        return isolation()

    def start(self) -> None:
        """Start all workers, so that the first push need not wait; raise `SandboxUnavailableError` when none can be."""
        self._require_isolation()
        # A worker ends with the thread that started it (prctl(2)), so one of ours does.
        started = [self._threads.submit(self._new) for _ in range(self._workers)]
        for worker in [item.result() for item in started]:
            self._give_back(worker)

    def run(self, engines: Sequence[Engine], change: Change, surroundings: Surroundings, say: Say) -> Iterator[Outcome]:
        """Run engines of the pool's registry over a change, side by side, and yield what becomes of each.

        Raises `UnavailableError` when there are no workers to be had.
        """
        self._require_isolation()
        running = {self._threads.submit(self._run_one, engine, change, surroundings, say) for engine in engines}
        for done in as_completed(running):
            yield done.result()

    def _run_one(self, engine: Engine, change: Change, surroundings: Surroundings, say: Say) -> Outcome:
        say(engine.name)
        task = Task(engine.name, read_by(engine, change), surroundings, self._limits.seconds)
        worker = self._take()
        try:
            return Outcome(engine.name, worker.ask(task))
        except WorkerError as fault:
            return Outcome(engine.name, Failure(str(fault)))
        except UnavailableError:
            raise
        except Exception:
            worker.kill()
            raise
        finally:
            self._give_back(worker)

    def _take(self) -> Worker:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.alive:
                    return worker
        return self._new()

    def _give_back(self, worker: Worker) -> None:
        with self._lock:
            if worker.alive and not self._closed:
                self._idle.append(worker)
                return
        worker.kill()

    def _new(self) -> Worker:
        self._require_isolation()
        return Worker(self._limits, self._registry, self._more_paths, sandboxed=self.isolation.sandboxed)

    def _require_isolation(self) -> None:
        if not self._allow_unsandboxed:
            self.isolation.require()

    def close(self) -> None:
        """End every worker; what still runs ends with them."""
        self._threads.shutdown(cancel_futures=True)
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.kill()

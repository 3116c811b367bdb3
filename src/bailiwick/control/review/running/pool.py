"""The pool: engines side by side in workers, each with an end in time; one that does not come to it is a failure."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace

from bailiwick.control.review.digest import rules_digest
from bailiwick.control.review.model import Finding, Surroundings
from bailiwick.control.review.running.cache import Contents, FindingsCache, Known, keep, look_up
from bailiwick.control.review.running.data import DataFile, data_files
from bailiwick.control.review.running.jobs import Failure, Job, Outcome, Say
from bailiwick.control.review.running.process import Limits, Worker, WorkerError
from bailiwick.control.review.running.sandbox import Isolation, isolation
from bailiwick.control.review.running.worker import Task
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.errors import UnavailableError

REGISTRY = "bailiwick.control.review.engines.registry:ENGINES"


_BLAME_SECONDS = 2.0

_Data = tuple[DataFile, ...]


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
        """Take limits and numbers, and `MODULE:NAME` of the engines; `more_paths` are seen by them as well.

        Without a sandbox on this host nothing runs, unless that is allowed.
        """
        self._limits = limits or Limits()
        self._registry = registry
        self._more_paths = tuple(more_paths)
        self._allow_unsandboxed = allow_unsandboxed
        self._cache = FindingsCache()
        self._took: dict[str, float] = {}
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="review")
        self._workers = workers

    @property
    def isolation(self) -> Isolation:
        """How the workers are kept from the rest of the host."""
        return isolation()

    def start(self, surroundings: Surroundings | None = None) -> None:
        """Start all workers, so that the first push need not wait, for reviews that go by these surroundings.

        Raises `SandboxUnavailableError` when none can be started.
        """
        data = data_files(surroundings or Surroundings())
        self._require_isolation()
        # A worker ends with the thread that started it (prctl(2)), so one of ours does.
        started = [self._threads.submit(self._new, data) for _ in range(self._workers)]
        for worker in [item.result() for item in started]:
            self._give_back(worker)

    def run(self, jobs: Sequence[Job], surroundings: Surroundings, say: Say) -> Iterator[Outcome]:
        """Begin to have engines of the pool's registry do their jobs, side by side; return what becomes of each.

        What they found in the same before is not looked for again. Raises `UnavailableError` when there are no workers
        to be had.
        """
        self._require_isolation()
        data, contents = data_files(surroundings), Contents()
        going_by = repr((rules_digest(), surroundings, data))
        known, running = [], {}
        # What took longest goes first, so that nothing long is begun when the rest is done.
        for job in sorted(jobs, key=lambda item: -self._took.get(item.engine.name, 0.0)):
            found = look_up(self._cache, job, going_by, contents)
            if found.rest is None:
                known.append(Outcome(job.engine.name, found.findings))
            else:
                running[self._threads.submit(self._run_one, found.rest, surroundings, data, say)] = found
        return self._outcomes(known, running)

    def _outcomes(self, known: Sequence[Outcome], running: Mapping[Future[Outcome], Known]) -> Iterator[Outcome]:
        yield from known
        for done in as_completed(running):
            name, result = done.result().engine, done.result().result
            if isinstance(result, Failure):
                yield Outcome(name, result)
            else:
                keep(self._cache, running[done], result)
                yield Outcome(name, (*running[done].findings, *result))

    def _run_one(self, job: Job, surroundings: Surroundings, data: _Data, say: Say) -> Outcome:
        name = job.engine.name
        say(name)
        task = Task(name, job.change, surroundings, self._limits.seconds_for(job.change))
        worker = self._take(data)
        try:
            worker.wait_ready()
            began = time.monotonic()
            found = _checked(job, worker.ask(task))
            self._took[name] = time.monotonic() - began
            return Outcome(name, found)
        except WorkerError as fault:
            failure = Failure(str(fault))
        except UnavailableError:
            raise
        except Exception:
            worker.kill()
            raise
        finally:
            self._give_back(worker)
        return Outcome(name, self._blamed(failure, job, surroundings, data))

    def _blamed(self, failure: Failure, job: Job, surroundings: Surroundings, data: _Data) -> Failure:
        """Return the failure with the file that it comes from, where one alone does and is found soon, by halving."""
        files = job.change.files if job.engine.each_file_alone else ()
        deadline = time.monotonic() + self._limits.seconds

        def fails(part: Sequence[TreeFile]) -> bool:
            task = Task(job.engine.name, replace(job.change, files=tuple(part)), surroundings, _BLAME_SECONDS)
            worker = self._take(data)
            try:
                worker.ask(task)
            except WorkerError:
                return True
            finally:
                self._give_back(worker)
            return False

        while len(files) > 1 and time.monotonic() < deadline:
            half = files[: len(files) // 2]
            files = half if fails(half) else files[len(half) :]
        return replace(failure, path=files[0].path) if len(files) == 1 and fails(files) else failure

    def _take(self, data: _Data) -> Worker:
        """Return a worker that sees the data files as they are now, a new one where there is none."""
        old: list[Worker] = []
        worker: Worker | None = None
        with self._lock:
            while self._idle and worker is None:
                found = self._idle.pop()
                if found.alive and found.data == data:
                    worker = found
                else:
                    old.append(found)
        for found in old:
            found.kill()
        worker = worker or self._new(data)
        with self._lock:
            self._busy.add(worker)
        return worker

    def _give_back(self, worker: Worker) -> None:
        with self._lock:
            self._busy.discard(worker)
            if worker.alive and not self._closed:
                self._idle.append(worker)
                return
        worker.kill()

    def _new(self, data: _Data) -> Worker:
        self._require_isolation()
        return Worker(self._limits, self._registry, self._more_paths, data, sandboxed=self.isolation.sandboxed)

    def _require_isolation(self) -> None:
        if not self._allow_unsandboxed:
            self.isolation.require()

    def close(self) -> None:
        """End every worker; what still runs ends with them, as failed."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            for worker in self._busy:
                worker.interrupt()
        self._threads.shutdown(cancel_futures=True)
        for worker in idle:
            worker.kill()


def _checked(job: Job, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return what was found; raise `WorkerError` when an engine of single files spoke of others: it would be lost."""
    if job.engine.each_file_alone:
        given = {file.path for file in job.change.files} | {blob.path for blob in job.change.history}
        if not all(item.path in given for item in found):
            raise WorkerError("spoke of a file that it was not given")
    return found

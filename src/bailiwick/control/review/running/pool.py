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
        """Start the workers that are missing, so that the first push need not wait, for reviews that go by these
        surroundings.

        Raises `SandboxUnavailableError` when none can be started.
        """
        data = data_files(surroundings or Surroundings())
        self._require_isolation()
        # A worker ends with the thread that started it (prctl(2)), so one of ours does.
        started = [self._threads.submit(self._new, data) for _ in range(self._workers - self._ready(data))]
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
        known: list[Outcome] = []
        groups: dict[str, list[Known]] = {}
        for job in jobs:
            found = look_up(self._cache, job, going_by, contents)
            if found.rest is None:
                known.append(Outcome(job.engine.name, found.findings))
            else:
                groups.setdefault(job.engine.group or job.engine.name, []).append(found)
        running: dict[Future[list[Outcome]], list[Known]] = {}
        # What took longest goes first, so that nothing long is begun when the rest is done.
        for name in sorted(groups, key=lambda item: -self._took.get(item, 0.0)):
            rest = [found.rest for found in groups[name] if found.rest is not None]
            running[self._threads.submit(self._run_group, name, rest, surroundings, data, say)] = groups[name]
        return self._outcomes(known, running)

    def _outcomes(
        self, known: Sequence[Outcome], running: Mapping[Future[list[Outcome]], Sequence[Known]]
    ) -> Iterator[Outcome]:
        yield from known
        for done in as_completed(running):
            for found, outcome in zip(running[done], done.result(), strict=True):
                if isinstance(outcome.result, Failure):
                    yield outcome
                else:
                    keep(self._cache, found, outcome.result)
                    yield Outcome(outcome.engine, (*found.findings, *outcome.result))

    def _run_group(
        self, name: str, jobs: Sequence[Job], surroundings: Surroundings, data: _Data, say: Say
    ) -> list[Outcome]:
        """Have the engines of a group do their jobs in one process; whoever fails there is asked again, alone."""
        say(", ".join(job.engine.name for job in jobs))
        began = time.monotonic()
        results = self._asked(jobs, surroundings, data)
        self._took[name] = time.monotonic() - began
        for at, job in enumerate(jobs):
            if isinstance(results[at], Failure) and len(jobs) > 1:
                (results[at],) = self._asked([job], surroundings, data)
            if isinstance(failure := results[at], Failure):
                results[at] = self._blamed(failure, job, surroundings, data)
        return [Outcome(job.engine.name, result) for job, result in zip(jobs, results, strict=True)]

    def _asked(
        self, jobs: Sequence[Job], surroundings: Surroundings, data: _Data, seconds: float | None = None
    ) -> list[tuple[Finding, ...] | Failure]:
        """Return what engines found, or how they failed, in one process of theirs."""
        asked = tuple((job.engine.name, job.change) for job in jobs)
        limit = seconds or max(self._limits.seconds_for(job.change) for job in jobs)
        worker = self._take(data)
        try:
            answers = worker.ask(Task(asked, surroundings, limit))
        except WorkerError as fault:
            return [Failure(str(fault))] * len(jobs)
        except UnavailableError:
            raise
        except Exception:
            worker.kill()
            raise
        finally:
            self._give_back(worker)
        return [_checked(job, answer) for job, answer in zip(jobs, answers, strict=True)]

    def _blamed(self, failure: Failure, job: Job, surroundings: Surroundings, data: _Data) -> Failure:
        """Return the failure with the file that it comes from, where one alone does and is found soon, by halving."""
        files = job.change.files if job.engine.each_file_alone else ()
        deadline = time.monotonic() + self._limits.seconds

        def fails(part: Sequence[TreeFile]) -> bool:
            asked = Job(job.engine, replace(job.change, files=tuple(part)))
            (answer,) = self._asked([asked], surroundings, data, _BLAME_SECONDS)
            return isinstance(answer, Failure)

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

    def _ready(self, data: _Data) -> int:
        with self._lock:
            return len(self._busy) + sum(worker.alive and worker.data == data for worker in self._idle)

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


def _checked(job: Job, answer: tuple[Finding, ...] | WorkerError) -> tuple[Finding, ...] | Failure:
    """Return an answer; an engine of single files that spoke of others failed: what it said would be lost."""
    if isinstance(answer, WorkerError):
        return Failure(str(answer))
    if job.engine.each_file_alone:
        given = {file.path for file in job.change.files} | {blob.path for blob in job.change.history}
        if not all(item.path in given for item in answer):
            return Failure("spoke of a file that it was not given")
    return answer

"""Runs of jobs: each attempt in a sandbox of its own, told of at start and end, and ended when the app is stopped.

A run that fails waits for its next attempt while it has one; how it stands is in the ledger before it is told.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from bailiwick.core.attestation import JOB_STARTED
from bailiwick.core.errors import BailiwickError
from bailiwick.core.messages import AppState, JobReport
from bailiwick.dataplane.agent.instance import Workshop, start_instance
from bailiwick.dataplane.agent.job_ledger import JobLedger, Run
from bailiwick.dataplane.agent.programs import Part
from bailiwick.dataplane.agent.releases import Prepared

_REPORTED_LINES = 100
_INTERRUPTED = "the plane ended while it ran"
Status = Literal["running", "waiting", "succeeded", "failed", "skipped"]


class JobRuns:
    """The runs that are not over."""

    def __init__(
        self,
        shop: Workshop,
        prepare: Callable[[AppState], Awaitable[Prepared]],
        report: Callable[[JobReport], None],
        clock: Callable[[], datetime],
        ledger: JobLedger,
    ) -> None:
        self._shop = shop
        self._prepare = prepare
        self._report = report
        self._clock = clock
        self.ledger = ledger
        self._running: dict[asyncio.Task[None], Run] = {}
        self._waiting: dict[str, Run] = {}
        self._closing = False

    def take_up(self) -> None:
        """Go on with the runs that were not over when this plane ended: what was interrupted has failed."""
        for run in self.ledger.unfinished():
            if run.again_at is not None:
                self._waiting[run.id] = run
            else:
                self._ended(run, 1, [], _INTERRUPTED)

    def goes_on(self, app: str, job: str) -> Run | None:
        """Return a run of a job that is not over, which a next one would overlap."""
        all_runs = (*self._running.values(), *self._waiting.values())
        return next((run for run in all_runs if (run.app, run.job) == (app, job)), None)

    def start(self, state: AppState, run: Run) -> None:
        """Begin a run that is in the ledger, or its next attempt, on the release that is served now."""
        self._waiting.pop(run.id, None)
        run = replace(run, release=state.release)
        self._tell(run, "running", (), run.words)
        task = asyncio.create_task(self._run(state, run))
        self._running[task] = run
        task.add_done_callback(self._running.pop)

    def tell_skipped(self, run: Run, words: str) -> None:
        """Tell that a run did not begin, and why."""
        self._tell(run, "skipped", (), words)

    def start_again(self, states: Mapping[str, AppState], now: datetime) -> None:
        """Begin the next attempts that are due, of the apps that run: on the releases that are served now."""
        for run in list(self._waiting.values()):
            if run.app in states and run.again_at is not None and run.again_at <= now:
                run = replace(run, again_at=None, release=states[run.app].release)  # noqa: PLW2901 - the same run
                self.ledger.put(run)
                self.start(states[run.app], run)

    async def end(self, app: str) -> None:
        """End every run of an app now, also one that waits for its next attempt."""
        for run in [run for run in self._waiting.values() if run.app == app]:
            del self._waiting[run.id]
            self._over(run, "failed", [], "the app was stopped")
        await self._cancel([task for task, run in self._running.items() if run.app == app])

    async def close(self) -> None:
        """End every run without a word: this plane ends, and takes them up when it starts again."""
        self._closing = True
        await self._cancel(list(self._running))

    @staticmethod
    async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _run(self, state: AppState, run: Run) -> None:
        code, lines, stopped = 1, list[str](), "the app was stopped"
        try:
            code = await self._outcome(state, run, lines)
            stopped = ""
        except BailiwickError as fault:
            lines.append(fault.message)
            stopped = ""
        finally:
            if stopped and not self._closing:
                self._over(run, "failed", lines, stopped)
            elif not self._closing:
                self._ended(run, code, lines, run.words)

    async def _outcome(self, state: AppState, run: Run, lines: list[str]) -> int:
        """Return the code that an attempt ended with; `lines` get what it said, also when it is cut short."""
        if self._shop.networks.why:
            lines.append(self._shop.networks.why)
            return 1
        prepared = await self._prepare(state)
        job = prepared.manifest.jobs.get(run.job)
        if job is None:
            known = ", ".join(prepared.manifest.jobs) or "none"
            lines.append(f"there is no job '{run.job}'; there are: {known}")
            return 1
        instance = await start_instance(state, prepared, self._shop, Part("run", job.run))
        limit = "timeout_seconds of the job" if job.timeout_seconds else "job_seconds of its limits"
        seconds, walls, how = job.timeout_seconds or prepared.manifest.limits.job_seconds, self._shop.walls, ""
        try:
            await self._shop.attester.attest(instance, JOB_STARTED)
            ended = await asyncio.wait_for(instance.sandbox.wait(), seconds)
            words = walls.ended(instance, None, ended)
            how = words if ended.reached is not None else ""
            return ended.code
        except TimeoutError:
            words = f"{seconds} s for a run reached"
            walls.reached(state, "job-time", f"job {run.job}: {words}")
            how = f"stopped: {words} ({limit})"
            return 1
        finally:
            await instance.stop()
            lines += [*instance.logs, *([how] if how else [])]

    def _ended(self, run: Run, code: int, lines: list[str], words: str) -> None:
        """Let a run be over, or wait for its next attempt."""
        if code == 0 or not run.may_try_again:
            self._over(run, "failed" if code else "succeeded", lines, words)
            return
        again = replace(
            run, attempt=run.attempt + 1, again_at=self._clock() + timedelta(seconds=run.wait_seconds), words=""
        )
        self.ledger.put(again)
        self._waiting[run.id] = again
        plan = f"attempt {run.attempt} of {run.retries + 1} failed; the next begins at {again.again_at:%H:%M:%S} UTC"
        self._tell(run, "waiting", lines, "; ".join(filter(None, (words, plan))))

    def _over(self, run: Run, status: Status, lines: list[str], words: str) -> None:
        self.ledger.forget(run.id)
        self._tell(run, status, lines, words)

    def _tell(self, run: Run, status: Status, lines: Sequence[str], words: str) -> None:
        self._report(
            JobReport(
                app=run.app,
                job=run.job,
                run=run.id,
                release=run.release,
                status=status,
                time=self._clock(),
                log_lines=tuple(lines[-_REPORTED_LINES:]),
                due=run.due,
                attempt=run.attempt,
                words=words[:500],
                asked_by=run.asked_by,
            )
        )

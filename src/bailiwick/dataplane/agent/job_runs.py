"""Runs of jobs: each in a sandbox of its own, told of at its start and its end, and ended when the app is stopped."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal

from bailiwick.core.attestation import JOB_STARTED
from bailiwick.core.errors import BailiwickError
from bailiwick.core.messages import AppState, JobReport
from bailiwick.dataplane.agent.instance import Workshop, start_instance
from bailiwick.dataplane.agent.releases import Prepared

_REPORTED_LINES = 100


class JobRuns:
    """The runs that are under way."""

    def __init__(
        self,
        shop: Workshop,
        prepare: Callable[[AppState], Awaitable[Prepared]],
        report: Callable[[JobReport], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._shop = shop
        self._prepare = prepare
        self._report = report
        self._clock = clock
        self._running: dict[asyncio.Task[None], str] = {}

    def start(self, state: AppState, job: str, run: str) -> None:
        """Begin a run of a job of a release."""
        task = asyncio.create_task(self._run(state, job, run))
        self._running[task] = state.app
        task.add_done_callback(self._running.pop)

    async def end(self, app: str) -> None:
        """End every run of an app now."""
        ours = [task for task, owner in self._running.items() if owner == app]
        for task in ours:
            task.cancel()
        if ours:
            await asyncio.wait(ours)

    async def _run(self, state: AppState, job: str, run: str) -> None:
        self._tell(state, job, run, "running", ())
        code, lines = 1, ["the app was stopped"]
        try:
            code, lines = await self._outcome(state, job)
        except BailiwickError as fault:
            lines = [fault.message]
        finally:
            self._tell(state, job, run, "failed" if code else "succeeded", tuple(lines[-_REPORTED_LINES:]))

    async def _outcome(self, state: AppState, job: str) -> tuple[int, list[str]]:
        prepared = await self._prepare(state)
        if job not in prepared.manifest.jobs:
            known = ", ".join(prepared.manifest.jobs) or "none"
            return 1, [f"there is no job '{job}'; there are: {known}"]
        instance = await start_instance(state, prepared, self._shop, job=job)
        seconds, walls = prepared.manifest.limits.job_seconds, self._shop.walls
        try:
            await self._shop.attester.attest(instance, JOB_STARTED)
            ended = await asyncio.wait_for(instance.sandbox.wait(), seconds)
            how = walls.ended(instance, None, ended)
        except TimeoutError:
            words = f"{seconds} s for a run reached"
            walls.reached(state, "job-time", f"job {job}: {words}")
            return 1, [*instance.logs, f"stopped: {words} (job_seconds of its limits)"]
        finally:
            await instance.stop()
        return ended.code, [*instance.logs, *([how] if ended.reached is not None else [])]

    def _tell(
        self,
        state: AppState,
        job: str,
        run: str,
        status: Literal["running", "succeeded", "failed"],
        lines: tuple[str, ...],
    ) -> None:
        self._report(
            JobReport(
                app=state.app,
                job=job,
                run=run,
                release=state.release,
                status=status,
                time=self._clock(),
                log_lines=lines,
            )
        )

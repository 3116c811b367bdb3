"""Jobs on a schedule: begins what falls due in the apps that run in production, once for each time, and never twice."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bailiwick.core.ids import new_id
from bailiwick.core.manifest import Job, Manifest
from bailiwick.core.messages import AppState, RunJobOrder
from bailiwick.core.schedules import due_since, next_due
from bailiwick.dataplane.agent.job_ledger import Run
from bailiwick.dataplane.agent.job_runs import JobRuns

_SCHEDULE = "service:schedule"
# App, job and schedule: a job with another schedule starts afresh.
_Key = tuple[str, str, str]


class Schedule:
    """When which job is next. `up` returns what runs in production here by app, `apps` which are to, running or not."""

    def __init__(
        self,
        runs: JobRuns,
        up: Callable[[], Mapping[str, tuple[AppState, Manifest]]],
        apps: Callable[[], frozenset[str] | None],
    ) -> None:
        self._runs = runs
        self._up = up
        self._apps = apps
        self._kept: frozenset[str] | None = None
        self._next: dict[_Key, tuple[datetime, datetime]] = {}

    def run_due(self, now: datetime) -> None:
        """Begin what is due, and tell of what is not begun."""
        up = self._up()
        jobs = {
            (app, name, job.words): (state, job)
            for app, (state, manifest) in up.items()
            for name, job in manifest.jobs.items()
        }
        self._next = {key: when for key, when in self._next.items() if key in jobs}
        for key, (state, job) in jobs.items():
            if key not in self._next:
                self._plan(key, job, self._runs.ledger.looked(*key), now)
            since, next_at = self._next[key]
            due = due_since(job, since, now) if next_at <= now else None
            if due is not None:
                run = _run(state, key[1], job, new_id("run"), _SCHEDULE, due.last, due.passed_over)
                skipped = due.skipped or self._overlapped(run, job)
                self._runs.ledger.look(*key, now, None if skipped else run)
                self._plan(key, job, now, now)
                self._start(state, run, skipped)
        self._runs.start_again({app: state for app, (state, _) in up.items()}, now)
        self._forget_others()

    def run_by_hand(self, order: RunJobOrder) -> None:
        """Run a job once, now, when this plane has the app in production and it runs."""
        if order.app not in (up := self._up()):
            return
        state, manifest = up[order.app]
        job = manifest.jobs.get(order.job)
        run = _run(state, order.job, job, order.run, order.asked_by)
        skipped = self._overlapped(run, job)
        if not skipped:
            self._runs.ledger.put(run)
        self._start(state, run, skipped)

    def _start(self, state: AppState, run: Run, skipped: str) -> None:
        if skipped:
            self._runs.tell_skipped(run, skipped)
        else:
            self._runs.start(state, run)

    def _overlapped(self, run: Run, job: Job | None) -> str:
        """Return why a run does not begin while another goes on, in words; empty when it does."""
        before = self._runs.goes_on(run.app, run.job)
        if before is None or (job is not None and job.overlap == "allow"):
            return ""
        return f'run {before.id} of it still goes on; overlap = "skip"'

    def _plan(self, key: _Key, job: Job, since: datetime | None, now: datetime) -> None:
        if since is None:
            since = now
            self._runs.ledger.look(*key, since)
        self._next[key] = (since, next_due(job.schedule, job.timezone, since))

    def _forget_others(self) -> None:
        apps = self._apps()
        if apps is not None and apps != self._kept:
            self._runs.ledger.keep_apps(apps)
            self._kept = apps


def _run(
    state: AppState, name: str, job: Job | None, run: str, asked_by: str, due: datetime | None = None, words: str = ""
) -> Run:
    """Return a run of a job as it begins; of one that is not there its run will tell."""
    retries, retry_seconds = (job.retries, job.retry_seconds) if job is not None else (0, 1)
    return Run(run, state.app, name, state.release, asked_by, due, words, 1, retries, retry_seconds)

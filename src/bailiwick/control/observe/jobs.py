"""Jobs as their planes tell of them: runs, with their last lines, and when each is next."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.observe.model import JobRun, PlannedJob
from bailiwick.control.observe.tables import JobRunRow
from bailiwick.core.errors import NotFoundError
from bailiwick.core.manifest import Job
from bailiwick.core.messages import JobReport
from bailiwick.core.schedules import next_due

_KEPT = timedelta(days=90)
_GOES_ON = frozenset({"running", "waiting"})


def take_job(session: Session, report: JobReport) -> None:
    """Remember how a run of a job stands; one that is over stays so. What is long ago is forgotten."""
    told = {
        "status": report.status,
        "ended": None if report.status in _GOES_ON else report.time,
        "log_lines": list(report.log_lines),
        "release": report.release,
        "attempt": report.attempt,
        "words": report.words,
    }
    first = {"started": report.time, "due": report.due, "asked_by": report.asked_by}
    row = insert(JobRunRow).values(app=report.app, run=report.run, job=report.job, **first, **told)
    session.execute(
        row.on_conflict_do_update(index_elements=["tenant", "app", "run"], set_=told, where=JobRunRow.ended.is_(None))
    )
    old = (JobRunRow.app == report.app, JobRunRow.started < report.time - _KEPT)
    session.execute(delete(JobRunRow).where(*old))


def job_runs(session: Session, app: str, job: str = "", *, limit: int = 20) -> list[JobRun]:
    """Return the runs of an app's jobs, or of one of them, newest first."""
    query = select(JobRunRow).where(JobRunRow.app == app).order_by(JobRunRow.started.desc(), JobRunRow.run.desc())
    if job:
        query = query.where(JobRunRow.job == job)
    return [_read(row) for row in session.scalars(query.limit(limit))]


def job_run(session: Session, app: str, run: str) -> JobRun:
    """Return a run; raise `NotFoundError` when the app has none of this id."""
    row = session.scalar(select(JobRunRow).where(JobRunRow.app == app, JobRunRow.run == run))
    if row is None:
        raise NotFoundError(f"{app} has no run '{run[:60]}'", hint=f"bailiwick job runs {app}")
    return _read(row)


def planned_jobs(session: Session, app: str, jobs: Mapping[str, Job], now: datetime) -> list[PlannedJob]:
    """Return the jobs of what is in production, by name, with when each is next and how it went last."""
    return [
        PlannedJob(
            name,
            job.schedule,
            job.timezone,
            job.missed,
            job.overlap,
            job.retries,
            next_due(job.schedule, job.timezone, now),
            next(iter(job_runs(session, app, name, limit=1)), None),
        )
        for name, job in sorted(jobs.items())
    ]


def _read(row: JobRunRow) -> JobRun:
    lines = tuple(row.log_lines)
    told = (row.due, row.attempt, row.words, row.asked_by)
    return JobRun(row.app, row.run, row.job, row.release, row.status, row.started, row.ended, lines, *told)

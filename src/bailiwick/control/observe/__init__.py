"""Telemetry of apps: what planes report and what people ask."""

from bailiwick.control.observe.jobs import job_run, job_runs, planned_jobs
from bailiwick.control.observe.minutes import MinuteOfApp, requests_between
from bailiwick.control.observe.model import (
    AppStatus,
    EgressLine,
    EgressPoint,
    JobRun,
    KillEvidence,
    PlannedJob,
    RequestPoint,
)
from bailiwick.control.observe.service import ObserveService
from bailiwick.control.observe.storage import StorageSeen, storage_of, take_storage
from bailiwick.control.observe.walls import WallSeen, take_walls, walls_of
from bailiwick.control.observe.workers import WorkerSeen, take_work, workers_of

__all__ = [
    "AppStatus",
    "EgressLine",
    "EgressPoint",
    "JobRun",
    "KillEvidence",
    "MinuteOfApp",
    "ObserveService",
    "PlannedJob",
    "RequestPoint",
    "StorageSeen",
    "WallSeen",
    "WorkerSeen",
    "job_run",
    "job_runs",
    "planned_jobs",
    "requests_between",
    "storage_of",
    "take_storage",
    "take_walls",
    "take_work",
    "walls_of",
    "workers_of",
]

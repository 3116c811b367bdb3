"""Jobs over the API: when each is next, how its runs went, and a run by hand."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI

from bailiwick.control.app import ControlPlane
from bailiwick.control.observe import job_run, job_runs, planned_jobs
from bailiwick.faces.api.pages import Json, Limit


def add_jobs(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add jobs to the API."""

    @api.get("/v1/jobs/{path:path}")
    def jobs(identity: Caller, path: str) -> Json:
        with control.store.transaction() as session:
            app = control.catalog.readable_app(session, identity, path)
            manifest = control.releases.production_manifest(session, app)
            found = planned_jobs(session, app.path, manifest.jobs if manifest else {}, control.clock())
        return {"jobs": [asdict(item) for item in found]}

    @api.get("/v1/job-runs/{path:path}")
    def runs(identity: Caller, path: str, job: str = "", limit: Limit = 50) -> Json:
        with control.store.transaction() as session:
            app = control.catalog.readable_app(session, identity, path)
            return {"runs": [asdict(item) for item in job_runs(session, app.path, job, limit=limit)]}

    @api.get("/v1/job-run/{run}/{path:path}")
    def run(identity: Caller, run: str, path: str) -> Json:
        with control.store.transaction() as session:
            app = control.catalog.readable_app(session, identity, path)
            return asdict(job_run(session, app.path, run))

    @api.post("/v1/run-job/{job}/{path:path}", status_code=202)
    def run_job(identity: Caller, job: str, path: str) -> Json:
        return {"run": control.releases.run_job(identity, path, job)}

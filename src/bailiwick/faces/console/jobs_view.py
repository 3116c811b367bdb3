"""Jobs on an app's page: when each is next in its own zone, how its runs went, and a button to run it now."""

from typing import Annotated, Any

from fastapi import FastAPI, Form
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.catalog import App
from bailiwick.control.observe import job_runs, planned_jobs
from bailiwick.faces.console.sessions import Writer


def add_jobs(app: FastAPI, control: ControlPlane) -> None:
    """Add the form that runs a job now."""

    @app.post("/apps/{path:path}/run-job")
    def run_job(visitor: Writer, path: str, job: Annotated[str, Form()]) -> Response:
        control.releases.run_job(visitor.identity, path, job)
        return RedirectResponse(f"/apps/{path}#jobs", 303)


def jobs_view(control: ControlPlane, session: Session, app: App) -> dict[str, Any]:
    """Return what the page shows of an app's jobs."""
    manifest = control.releases.production_manifest(session, app)
    jobs = manifest.jobs if manifest is not None else {}
    return {
        "jobs": planned_jobs(session, app.path, jobs, control.clock()),
        "job_runs": job_runs(session, app.path),
    }

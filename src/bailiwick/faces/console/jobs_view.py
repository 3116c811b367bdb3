"""What works by itself on an app's page: jobs with their next run and how they went, workers with their queues."""

from typing import Annotated, Any

from fastapi import FastAPI, Form
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.catalog import App
from bailiwick.control.observe import job_runs, planned_jobs, workers_of
from bailiwick.control.pauses import pauses_of
from bailiwick.core.modes import Mode
from bailiwick.faces.console.sessions import Writer


def add_jobs(app: FastAPI, control: ControlPlane) -> None:
    """Add the forms that run a job now, and that give out anew what a worker gave up."""

    @app.post("/apps/{path:path}/run-job")
    def run_job(visitor: Writer, path: str, job: Annotated[str, Form()]) -> Response:
        control.releases.run_job(visitor.identity, path, job)
        return RedirectResponse(f"/apps/{path}#jobs", 303)

    @app.post("/apps/{path:path}/revive-messages")
    def revive(visitor: Writer, path: str, worker: Annotated[str, Form()], mode: Annotated[Mode, Form()]) -> Response:
        control.releases.send_message(visitor.identity, path, worker, mode=mode)
        return RedirectResponse(f"/apps/{path}#workers", 303)


def add_pauses(app: FastAPI, control: ControlPlane) -> None:
    """Add the forms that hold a worker, and that let it go on."""

    @app.post("/apps/{path:path}/pause-worker")
    def pause(
        visitor: Writer,
        path: str,
        worker: Annotated[str, Form()],
        mode: Annotated[Mode, Form()],
        reason: Annotated[str, Form()],
    ) -> Response:
        control.pauses.pause(visitor.identity, path, worker, reason, mode=mode)
        return RedirectResponse(f"/apps/{path}#workers", 303)

    @app.post("/apps/{path:path}/resume-worker")
    def resume(
        visitor: Writer,
        path: str,
        worker: Annotated[str, Form()],
        mode: Annotated[Mode, Form()],
        reason: Annotated[str, Form()],
    ) -> Response:
        control.pauses.resume(visitor.identity, path, worker, reason, mode=mode)
        return RedirectResponse(f"/apps/{path}#workers", 303)


def jobs_view(control: ControlPlane, session: Session, app: App) -> dict[str, Any]:
    """Return what the page shows of an app's jobs and workers."""
    manifest = control.releases.production_manifest(session, app)
    jobs = manifest.jobs if manifest is not None else {}
    return {
        "jobs": planned_jobs(session, app.path, jobs, control.clock()),
        "job_runs": job_runs(session, app.path),
        "workers": workers_of(session, app.path),
        "pauses": {(item.mode, item.worker): item for item in pauses_of(session, app.path)},
    }

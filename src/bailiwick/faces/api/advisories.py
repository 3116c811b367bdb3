"""The advisory database over the API: what there is, and an export that takes its place."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool

from bailiwick.control.app import ControlPlane
from bailiwick.control.review import AdvisoryStatus
from bailiwick.faces.api.exports import received
from bailiwick.faces.api.pages import Json


def add_advisories(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add the advisory database to the API."""

    @api.get("/v1/advisories")
    def advisories(identity: Caller) -> Json:
        return _shown(control.advisories.status(identity))

    @api.post("/v1/advisories", status_code=201)
    async def take(identity: Caller, request: Request) -> Json:
        """Import a zip file of OSV records, the body of the request (application/zip)."""
        await run_in_threadpool(control.advisories.require_import, identity)
        async with received(request, control.advisories.folder, "export.zip") as export:
            imported = await run_in_threadpool(control.advisories.take, identity, [export])
        status = await run_in_threadpool(control.advisories.status, identity)
        counts = {"taken": imported.taken, "said_nothing": imported.said_nothing, "unreadable": imported.unreadable}
        return {**counts, **_shown(status)}


def _shown(status: AdvisoryStatus) -> Json:
    sources = [
        {**asdict(source), "days_old": max((status.now - source.newest).days, 0),
         "stale": (status.now - source.newest).days > status.stale_days}
        for source in status.sources
    ]  # fmt: skip
    return {"sources": sources, "stale_days": status.stale_days, "required": status.required}

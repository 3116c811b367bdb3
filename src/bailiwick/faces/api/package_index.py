"""The copy of the organisation's package index over the API: what there is, and a dump that takes its place."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI, Request
from pydantic import AwareDatetime
from starlette.concurrency import run_in_threadpool

from bailiwick.control.app import ControlPlane
from bailiwick.control.review import IndexStatus
from bailiwick.core.errors import InvalidInputError
from bailiwick.faces.api.exports import received
from bailiwick.faces.api.pages import Json

_FORMS = {"application/zip": "zip", "application/json": "json", "application/x-ndjson": "jsonl"}


def add_package_index(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add the copy of the index to the API."""

    @api.get("/v1/package-index")
    def package_index(identity: Caller) -> Json:
        return _shown(control.index.status(identity))

    @api.post("/v1/package-index", status_code=201)
    async def take(identity: Caller, request: Request, adds: bool = False, made: AwareDatetime | None = None) -> Json:
        """Import a dump, the body of the request: a zip file of JSON files, a JSON file, or lines of JSON.

        It is all that the index has of its ecosystems, or with `adds` what it says of some packages more. `made` is
        when it was taken, where it does not say that itself.
        """
        await run_in_threadpool(control.index.require_import, identity)
        form = _FORMS.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())
        if form is None:
            raise InvalidInputError(
                "the body is of no type that is taken here", hint=f"send one of {', '.join(_FORMS)} as Content-Type"
            )
        async with received(request, control.index.folder, f"dump.{form}") as dump:
            imported = await run_in_threadpool(lambda: control.index.take(identity, [dump], adds=adds, made=made))
        status = await run_in_threadpool(control.index.status, identity)
        return {"taken": imported.taken, "unreadable": imported.unreadable, **_shown(status)}


def _shown(status: IndexStatus) -> Json:
    sources = []
    for source in status.sources:
        days = max((status.now - source.made).days, 0)
        sources.append({**asdict(source), "days_old": days, "stale": days > status.stale_days})
    return {"sources": sources, "stale_days": status.stale_days}

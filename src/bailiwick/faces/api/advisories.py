"""The advisory database over the API: what there is, and an export that takes its place."""

import tempfile
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool

from bailiwick.control.app import ControlPlane
from bailiwick.control.review import AdvisoryStatus
from bailiwick.core.errors import InvalidInputError
from bailiwick.faces.api.pages import Json

MAX_EXPORT_BYTES = 2 * 2**30


def add_advisories(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add the advisory database to the API."""

    @api.get("/v1/advisories")
    def advisories(identity: Caller) -> Json:
        return _shown(control.advisories.status(identity))

    @api.post("/v1/advisories", status_code=201)
    async def take(identity: Caller, request: Request) -> Json:
        """Import a zip file of OSV records, the body of the request (application/zip)."""
        await run_in_threadpool(control.advisories.require_import, identity)
        with tempfile.TemporaryDirectory(dir=control.advisories.folder, prefix="export-") as folder:
            export = Path(folder) / "export.zip"
            await _receive(request.stream(), export)
            imported = await run_in_threadpool(control.advisories.take, identity, [export])
        status = await run_in_threadpool(control.advisories.status, identity)
        counts = {"taken": imported.taken, "said_nothing": imported.said_nothing, "unreadable": imported.unreadable}
        return {**counts, **_shown(status)}


async def _receive(chunks: AsyncIterator[bytes], export: Path) -> None:
    total = 0
    with export.open("wb") as written:
        async for chunk in chunks:
            total += len(chunk)
            if total > MAX_EXPORT_BYTES:
                raise InvalidInputError(
                    f"the export is larger than {MAX_EXPORT_BYTES // 2**30} GiB", hint="send one ecosystem at a time"
                )
            written.write(chunk)


def _shown(status: AdvisoryStatus) -> Json:
    sources = [
        {**asdict(source), "days_old": max((status.now - source.newest).days, 0),
         "stale": (status.now - source.newest).days > status.stale_days}
        for source in status.sources
    ]  # fmt: skip
    return {"sources": sources, "stale_days": status.stale_days, "required": status.required}

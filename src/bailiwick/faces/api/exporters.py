"""Audit exporters over the API: how they fare, and testing, pausing, resuming and replaying them."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI

from bailiwick.control.app import ControlPlane
from bailiwick.control.exporters import ExporterStatus, in_words
from bailiwick.faces.api.bodies import ReasonBody, ReplayBody
from bailiwick.faces.api.pages import Cursor, Json, Limit, page


def add_exporters(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add audit exporters to the API."""

    @api.get("/v1/exporters")
    def exporters(identity: Caller, cursor: Cursor = "", limit: Limit = 50) -> Json:
        shown, further = page(control.exporters.statuses(identity), lambda item: item.name, cursor, limit)
        return {"exporters": [_shown(control, item) for item in shown], "cursor": further}

    @api.get("/v1/exporters/{name}")
    def exporter(identity: Caller, name: str) -> Json:
        return _shown(control, control.exporters.status(identity, name))

    @api.post("/v1/exporters/{name}/test")
    def test(identity: Caller, name: str) -> Json:
        return {"name": name, "seconds": round(control.exporters.test(identity, name), 3)}

    @api.post("/v1/exporters/{name}/pause")
    def pause(identity: Caller, name: str, body: ReasonBody) -> Json:
        return _shown(control, control.exporters.pause(identity, name, body.reason))

    @api.post("/v1/exporters/{name}/resume")
    def resume(identity: Caller, name: str, body: ReasonBody) -> Json:
        return _shown(control, control.exporters.resume(identity, name, body.reason))

    @api.post("/v1/exporters/{name}/replay")
    def replay(identity: Caller, name: str, body: ReplayBody) -> Json:
        return _shown(control, control.exporters.replay(identity, name, body.first, body.reason))


def _shown(control: ControlPlane, status: ExporterStatus) -> Json:
    return {**asdict(status), "health": in_words(status, control.clock())}

"""Capabilities of apps over the API: open, close, list."""

from dataclasses import asdict
from datetime import date
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.capabilities import OpenedCapability
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Json


class OpenBody(BaseModel):
    """Until the end of which day, and why."""

    model_config = ConfigDict(extra="forbid")
    until: date
    reason: str = Field(default="", max_length=2000)


def add_capabilities(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add capabilities to the API."""

    @api.get("/v1/capabilities/{app:path}")
    def listing(identity: Caller, app: str) -> Json:
        with control.store.transaction() as session:
            found = control.capabilities.list(session, identity, app)
        return {"capabilities": [_json(item, control) for item in found]}

    @api.post("/v1/capabilities/{name}/open/{app:path}", status_code=201)
    def open_one(identity: Caller, name: str, app: str, body: OpenBody) -> Json:
        return _json(control.capabilities.open(identity, app, name, body.reason, body.until), control)

    @api.post("/v1/capabilities/{name}/close/{app:path}")
    def close_one(identity: Caller, name: str, app: str, body: ReasonBody) -> Json:
        return _json(control.capabilities.close(identity, app, name, body.reason), control)


def _json(opened: OpenedCapability, control: ControlPlane) -> Json:
    return {**asdict(opened), "open": opened.in_force(control.clock())}

"""The register of telemetry over the API: what leaves, and turning a field on or off."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI

from bailiwick.control.app import ControlPlane
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Cursor, Json, Limit, page


def add_telemetry(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add the register to the API."""

    @api.get("/v1/telemetry")
    def fields(identity: Caller, cursor: Cursor = "", limit: Limit = 100) -> Json:
        with control.store.transaction() as session:
            found = control.telemetry.states(session, identity)
        shown, further = page(found, lambda item: item.name, cursor, limit)
        version = control.telemetry.register.version
        return {"fields": [asdict(item) for item in shown], "cursor": further, "version": version}

    @api.post("/v1/telemetry/{name}/on")
    def on(identity: Caller, name: str, body: ReasonBody) -> Json:
        control.telemetry.switch(identity, name, body.reason, on=True)
        return {"name": name, "on": True}

    @api.post("/v1/telemetry/{name}/off")
    def off(identity: Caller, name: str, body: ReasonBody) -> Json:
        control.telemetry.switch(identity, name, body.reason, on=False)
        return {"name": name, "on": False}

"""Retention and legal holds over the API."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI

from bailiwick.control.app import ControlPlane
from bailiwick.control.audit import Hold, Scope
from bailiwick.faces.api.bodies import HoldBody, ReasonBody
from bailiwick.faces.api.pages import Cursor, Json, Limit, page


def add_retention(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add retention and legal holds to the API."""

    @api.get("/v1/audit/retention")
    def retention(identity: Caller) -> Json:
        status = asdict(control.retention.status(identity))
        return {**status.pop("rules"), **status}

    @api.get("/v1/audit/holds")
    def holds(identity: Caller, cursor: Cursor = "", limit: Limit = 50) -> Json:
        shown, further = page(control.retention.holds(identity), lambda item: item.name, cursor, limit)
        return {"holds": [_shown(item) for item in shown], "cursor": further}

    @api.post("/v1/audit/holds", status_code=201)
    def place(identity: Caller, body: HoldBody) -> Json:
        scope = Scope(body.actor, body.app, body.resource, body.since, body.until)
        return _shown(control.retention.place(identity, body.name, scope, body.reason))

    @api.post("/v1/audit/holds/{name}/lift")
    def lift(identity: Caller, name: str, body: ReasonBody) -> Json:
        return _shown(control.retention.lift(identity, name, body.reason))


def _shown(hold: Hold) -> Json:
    return {**asdict(hold.scope), **{key: value for key, value in asdict(hold).items() if key != "scope"}}

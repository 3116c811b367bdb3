"""Previews of branches over the API: list, end, renew."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI
from pydantic import Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.previews import Preview
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Json


class BranchBody(ReasonBody):
    """Which branch, and why."""

    branch: str = Field(min_length=1, max_length=200)


def add_previews(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add previews of branches to the API."""

    @api.get("/v1/previews/{app:path}")
    def listing(identity: Caller, app: str) -> Json:
        with control.store.transaction() as session:
            found = control.previews.list(session, identity, app)
        return {"previews": [_json(control, item) for item in found]}

    @api.post("/v1/previews/end/{app:path}")
    def end(identity: Caller, app: str, body: BranchBody) -> Json:
        return _json(control, control.previews.end(identity, app, body.branch, body.reason))

    @api.post("/v1/previews/renew/{app:path}")
    def renew(identity: Caller, app: str, body: BranchBody) -> Json:
        return _json(control, control.previews.renew(identity, app, body.branch))


def _json(control: ControlPlane, preview: Preview) -> Json:
    return {**asdict(preview), "url": control.previews.register.address(preview)}

"""Models over the API: which ones one may call, and a short-lived token for their gateway."""

from typing import Any

from fastapi import FastAPI, Response

from bailiwick.control.app import ControlPlane
from bailiwick.faces.api.pages import Cursor, Limit, page

Json = dict[str, Any]


def add_models(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add models to the API."""
    gateway = control.settings.inference.gateway

    @api.get("/v1/models")
    def models(identity: Caller, cursor: Cursor = "", limit: Limit = 100) -> Json:
        with control.store.transaction() as session:
            found = control.planes.models.open_to(session, identity)
        shown, further = page(found, lambda model: model.name, cursor, limit)
        items = [
            {"name": model.name, "family": model.family, "model": model.model, "logs": model.logs} for model in shown
        ]
        return {"models": items, "cursor": further, "gateway": gateway}

    @api.post("/v1/model-tokens", status_code=201)
    def model_token(identity: Caller, response: Response) -> Json:
        response.headers["cache-control"] = "no-store"
        issued = control.planes.models.issue_token(identity)
        return {"token": issued.token, "expires": issued.expires.isoformat(), "gateway": gateway}

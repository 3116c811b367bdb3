"""Directories over the API: give, list and withdraw the tokens with which they describe people."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI

from bailiwick.control.app import ControlPlane
from bailiwick.faces.api.bodies import DirectoryTokenBody
from bailiwick.faces.api.pages import Cursor, Json, Limit, page


def add_directories(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add directories to the API."""

    @api.post("/v1/directory-tokens", status_code=201)
    def issue(identity: Caller, body: DirectoryTokenBody) -> Json:
        made = control.directory.issue_token(identity, body.directory, days=body.days, purpose=body.purpose)
        return {**asdict(made.token), "secret": made.secret, "url": f"{control.settings.public_url}/scim/v2"}

    @api.get("/v1/directory-tokens")
    def tokens(identity: Caller, cursor: Cursor = "", limit: Limit = 50) -> Json:
        shown, further = page(control.directory.tokens(identity), lambda item: item.id, cursor, limit)
        return {"tokens": [asdict(item) for item in shown], "cursor": further}

    @api.delete("/v1/directory-tokens/{token_id}")
    def revoke(identity: Caller, token_id: str) -> Json:
        return asdict(control.directory.revoke_token(identity, token_id))

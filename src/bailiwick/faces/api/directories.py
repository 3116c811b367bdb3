"""Directories over the API: how they stand, reading one now, and the tokens with which they describe people."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI

from bailiwick.control.app import ControlPlane
from bailiwick.core.errors import NotFoundError
from bailiwick.faces.api.bodies import DirectoryTokenBody, SyncBody
from bailiwick.faces.api.pages import Cursor, Json, Limit, page


def add_directories(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add directories to the API."""

    @api.get("/v1/directories")
    def directories(identity: Caller, cursor: Cursor = "", limit: Limit = 50) -> Json:
        shown, further = page(control.directory.directories(identity), lambda item: item.name, cursor, limit)
        return {"directories": [asdict(item) for item in shown], "cursor": further}

    @api.get("/v1/directories/{name}")
    def directory(identity: Caller, name: str) -> Json:
        return asdict(control.directory.directory(identity, name))

    @api.post("/v1/directories/{name}/sync", status_code=202)
    def sync(identity: Caller, name: str, body: SyncBody) -> Json:
        return asdict(control.ldap.ask(identity, name, dry_run=body.dry_run, accept=body.accept))

    @api.get("/v1/directories/{name}/runs/{run_id}")
    def run(identity: Caller, name: str, run_id: str) -> Json:
        found = [item for item in control.directory.directory(identity, name).runs if item.id == run_id]
        if not found:
            raise NotFoundError(f"'{name[:60]}' has no reading {run_id[:60]!r}, or it is long past")
        return asdict(found[0])

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

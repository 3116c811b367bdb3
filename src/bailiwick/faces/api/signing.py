"""Signing keys and evidence over the API: which keys count, how they change, and releases as bundles."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Response
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.control.app import ControlPlane
from bailiwick.faces.api.pages import Json


class RotateBody(BaseModel):
    """A key that should be followed by another; `until` is how long its signatures count, for good without it."""

    model_config = ConfigDict(extra="forbid")

    purpose: str = Field(max_length=40)
    reason: str = Field(max_length=500)
    until: datetime | None = None


class RevokeBody(BaseModel):
    """Why a key must end now, and whether what it signed is stopped where it runs."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=500)
    stop_running: bool = False


class ResignBody(BaseModel):
    """Why what is served is signed again."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=500)


def add_signing(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add signing keys and bundles to the API."""

    @api.get("/v1/signing-keys")
    def keys(identity: Caller) -> Json:
        return {"keys": [key.model_dump(mode="json") for key in control.signing.keys(identity)]}

    @api.post("/v1/signing-keys", status_code=201)
    def rotate(identity: Caller, body: RotateBody) -> Json:
        return control.signing.rotate(identity, body.purpose, body.reason, body.until).model_dump(mode="json")

    @api.post("/v1/signing-keys/{key_id}/revoke")
    def revoke(identity: Caller, key_id: str, body: RevokeBody) -> Json:
        key, running = control.signing.revoke(identity, key_id, body.reason, stop_running=body.stop_running)
        return {**key.model_dump(mode="json"), "running": running}

    @api.post("/v1/signing-keys/resign")
    def resign(identity: Caller, body: ResignBody) -> Json:
        """Sign again what is served and was signed by another key than the present one; say what could not be."""
        return {"releases": [asdict(item) for item in control.resigning.resign(identity, body.reason)]}

    @api.get("/v1/signing-keys/{key_id}/running")
    def running(identity: Caller, key_id: str) -> Json:
        return {"running": control.signing.running_with(identity, key_id)}

    @api.get("/v1/attestations/{path:path}")
    def attestations(identity: Caller, path: str) -> Json:
        """Return what planes last attested of an app, in words and as they signed it."""
        with control.store.transaction() as session:
            app = control.catalog.readable_app(session, identity, path)
            found = control.attestations.shown(session, app.path)
            signed = control.attestations.envelopes(session, app.path)
        shown = [{**asdict(item), "good": item.good} for item in found]
        return {"attestations": shown, "signed": [item.model_dump(mode="json", by_alias=True) for item in signed]}

    @api.get("/v1/release-bundles/{name:path}")
    def bundle(identity: Caller, name: str) -> Response:
        """Return a release (by its id, or the app's path for what is in production) as an OCI image layout in a tar."""
        return Response(control.evidence.bundle(identity, name), media_type="application/x-tar")

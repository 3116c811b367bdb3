"""Workers over the API: how they and their queues stand, a message by hand, what was given up once more, and pauses."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.observe import workers_of
from bailiwick.control.pauses import pauses_of
from bailiwick.core.modes import PRODUCTION, Mode
from bailiwick.faces.api.pages import Json


class MessageBody(BaseModel):
    """A message for a worker, as JSON in a text."""

    model_config = ConfigDict(extra="forbid")
    message: str = Field(min_length=1, max_length=64 * 1024, repr=False)
    mode: Mode = PRODUCTION


class HoldBody(BaseModel):
    """Why a worker is held, or goes on, and where."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=2000)
    mode: Mode = PRODUCTION


class ReviveBody(BaseModel):
    """Where what a worker gave up is given out anew."""

    model_config = ConfigDict(extra="forbid")
    mode: Mode = PRODUCTION


def add_workers(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add workers to the API."""

    @api.get("/v1/workers/{path:path}")
    def workers(identity: Caller, path: str) -> Json:
        with control.store.transaction() as session:
            app = control.catalog.readable_app(session, identity, path)
            return {
                "workers": [asdict(item) for item in workers_of(session, app.path)],
                "pauses": [asdict(item) for item in pauses_of(session, app.path)],
            }

    @api.post("/v1/worker-message/{worker}/{path:path}", status_code=202)
    def send(identity: Caller, worker: str, path: str, body: MessageBody) -> Json:
        control.releases.send_message(identity, path, worker, body.message, mode=body.mode)
        return {"app": path, "worker": worker, "mode": body.mode}

    @api.post("/v1/worker-revive/{worker}/{path:path}", status_code=202)
    def revive(identity: Caller, worker: str, path: str, body: ReviveBody) -> Json:
        control.releases.send_message(identity, path, worker, mode=body.mode)
        return {"app": path, "worker": worker, "mode": body.mode}

    @api.post("/v1/worker-pause/{worker}/{path:path}", status_code=201)
    def pause(identity: Caller, worker: str, path: str, body: HoldBody) -> Json:
        return asdict(control.pauses.pause(identity, path, worker, body.reason, mode=body.mode))

    @api.post("/v1/worker-resume/{worker}/{path:path}")
    def resume(identity: Caller, worker: str, path: str, body: HoldBody) -> Json:
        return asdict(control.pauses.resume(identity, path, worker, body.reason, mode=body.mode))

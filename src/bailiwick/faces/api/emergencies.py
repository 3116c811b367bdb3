"""Emergencies over the API: those that nobody looked at yet, and what somebody finds."""

from dataclasses import asdict
from typing import Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

from bailiwick.control.app import ControlPlane
from bailiwick.faces.api.pages import Json


class _ReviewBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    verdict: Literal["fine", "follow-up"]
    reason: str


def add_emergencies(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add the reviews of emergencies to the API."""

    @api.get("/v1/emergencies")
    def emergencies(identity: Caller) -> Json:
        """Return the emergencies that nobody looked at yet."""
        with control.store.transaction() as session:
            found = control.deploys.emergencies.unseen(session, identity)
            mine = [control.deploys.emergencies.may_review(session, identity, item) for item in found]
        shown = [{**asdict(item), "you_may_review": may} for item, may in zip(found, mine, strict=True)]
        return {"emergencies": shown}

    @api.post("/v1/emergencies/{deploy_id}/review")
    def review(identity: Caller, deploy_id: str, body: _ReviewBody) -> Json:
        """Say what one found of an emergency."""
        return asdict(control.deploys.emergencies.review(identity, deploy_id, body.verdict, body.reason))

"""Grants over the API: take one back from an app, give it again, and what is taken back now."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION
from bailiwick.control.integrations import withdrawals
from bailiwick.faces.api.pages import Cursor, Json, Limit, page


class GrantBody(BaseModel):
    """Which app's grant on which integration, and why."""

    model_config = ConfigDict(extra="forbid")
    app: str = Field(max_length=300)
    integration: str = Field(max_length=100)
    reason: str = Field(default="", max_length=2000)


def add_grants(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add grants to the API."""

    @api.get("/v1/grants/withdrawn")
    def withdrawn(identity: Caller, cursor: Cursor = "", limit: Limit = 50) -> Json:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "role.read", ORGANIZATION)
            found = withdrawals(session)
        shown, further = page(found, lambda item: f"{item.app} {item.integration}", cursor, limit)
        return {"withdrawn": [asdict(item) for item in shown], "cursor": further}

    @api.post("/v1/grants/withdraw")
    def withdraw(identity: Caller, body: GrantBody) -> Json:
        control.withdrawals.withdraw(identity, body.app, body.integration, body.reason)
        return body.model_dump()

    @api.post("/v1/grants/restore")
    def restore(identity: Caller, body: GrantBody) -> Json:
        control.withdrawals.restore(identity, body.app, body.integration, body.reason)
        return body.model_dump()

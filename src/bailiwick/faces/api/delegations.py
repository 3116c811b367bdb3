"""Delegations over the API: hand approving over, take it back, and look."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import FastAPI, Query
from pydantic import AwareDatetime, Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.delegations import Delegation
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Json


class DelegationBody(ReasonBody):
    """To whom, from when (now without it) until when, for which folder (all without one), and why."""

    delegate: str = Field(max_length=260)
    until: AwareDatetime
    starts: AwareDatetime | None = None
    folder: str = Field(default="", max_length=300)


def add_delegations(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add delegations to the API."""
    service = control.delegations

    @api.post("/v1/delegations", status_code=201)
    def make(identity: Caller, body: DelegationBody) -> Json:
        made = service.make(identity, body.delegate, body.until, body.reason, folder=body.folder, starts=body.starts)
        return _shown(control, made)

    @api.get("/v1/delegations")
    def listing(identity: Caller, everybody: Annotated[bool, Query(description="not only one's own")] = False) -> Json:
        with control.store.transaction() as session:
            found = service.delegations(session, identity, everybody=everybody)
        return {"delegations": [_shown(control, item) for item in found]}

    @api.post("/v1/delegations/{delegation_id}/end")
    def end(identity: Caller, delegation_id: str, body: ReasonBody) -> Json:
        return _shown(control, service.end(identity, delegation_id, body.reason))


def _shown(control: ControlPlane, delegation: Delegation) -> Json:
    return {**asdict(delegation), "counts": delegation.counts(control.clock())}

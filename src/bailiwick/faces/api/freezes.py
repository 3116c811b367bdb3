"""Freezes over the API: start, lift, list, and stop what runs under one."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import FastAPI, Query
from pydantic import Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.freeze import Freeze, FreezeView, scope_of
from bailiwick.core.errors import BailiwickError
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Json


class FreezeBody(ReasonBody):
    """What is frozen (exactly one of these), why, and whether what runs under it is stopped as well."""

    everything: bool = False
    package: str = Field(default="", max_length=300, description="pypi:NAME or npm:NAME")
    versions: str = Field(default="", max_length=300, description="a range as pip or npm reads it; empty for all")
    rule: str = Field(default="", max_length=100)
    integration: str = Field(default="", max_length=100)
    folder: str = Field(default="", max_length=300)
    stop_affected: bool = False


def add_freezes(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add freezes to the API."""
    service = control.freezes

    @api.post("/v1/freezes", status_code=201)
    def start(identity: Caller, body: FreezeBody) -> Json:
        asked = body.model_dump(exclude={"reason", "stop_affected"})
        freeze = service.start(identity, scope_of(**asked), body.reason)
        done = _stopped(control, identity, freeze.id) if body.stop_affected else {}
        with control.store.transaction() as session:
            return {**view_json(service.freeze(session, identity, freeze.id)), **done}

    @api.get("/v1/freezes")
    def listing(identity: Caller, lifted: Annotated[bool, Query(description="those that were lifted")] = False) -> Json:
        with control.store.transaction() as session:
            if lifted:
                return {"freezes": [freeze_json(item) for item in service.lifted(session, identity)]}
            return {"freezes": [view_json(item) for item in service.standing(session, identity)]}

    @api.get("/v1/freezes/{freeze_id}")
    def show(identity: Caller, freeze_id: str) -> Json:
        with control.store.transaction() as session:
            return view_json(service.freeze(session, identity, freeze_id))

    @api.post("/v1/freezes/{freeze_id}/lift")
    def lift(identity: Caller, freeze_id: str, body: ReasonBody) -> Json:
        return freeze_json(service.lift(identity, freeze_id, body.reason))

    @api.post("/v1/freezes/{freeze_id}/stop-affected")
    def stop_affected(identity: Caller, freeze_id: str) -> Json:
        stopped, left = service.stop_affected(identity, freeze_id)
        return {"stopped": stopped, "not_stopped": left}


def freeze_json(freeze: Freeze) -> Json:
    """Return a freeze as the API shows it."""
    return {**asdict(freeze), "covers": freeze.scope.words, "stands": freeze.stands}


def view_json(view: FreezeView) -> Json:
    """Return a freeze with what runs under it as the API shows it."""
    return {**freeze_json(view.freeze), "affected": [asdict(item) for item in view.affected]}


def _stopped(control: ControlPlane, identity: Any, freeze_id: str) -> Json:
    """Stop what runs under a freeze, which stands by then: what goes wrong is said beside it."""
    try:
        stopped, left = control.freezes.stop_affected(identity, freeze_id)
    except BailiwickError as fault:
        return {"stopped": [], "not_stopped": [], "stop_failed": fault.message}
    return {"stopped": stopped, "not_stopped": left}

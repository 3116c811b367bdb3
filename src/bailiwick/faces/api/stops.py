"""The kill switch over the API: stop an app or more, see what that would meet, what stands, and bring it back."""

from typing import Annotated, Any

from fastapi import FastAPI, Query
from pydantic import Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.stops import MOST_DRAIN_SECONDS
from bailiwick.core.principals import Identity
from bailiwick.core.stops import StopKind, StopScope
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Json
from bailiwick.faces.stops import radius_json, radius_of, stop_json

_SCOPE = "everything, a path, or app:, folder:, tenant:, builder:, integration:, model: or plane: before a name"


class KillBody(ReasonBody):
    """Why something is stopped, whether for security, and how long what is in flight may take."""

    security: bool = Field(default=False, description="another person must lift it")
    drain_seconds: int = Field(default=0, ge=0, le=MOST_DRAIN_SECONDS)


class StopBody(KillBody):
    """What is stopped, too."""

    scope: str = Field(max_length=310, description=_SCOPE)


class LiftBody(ReasonBody):
    """Whose stops are lifted, and why."""

    scope: str = Field(max_length=310, description=_SCOPE)


def add_stops(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add the kill switch to the API."""
    service = control.stops

    def stop(identity: Identity, scope: StopScope, body: KillBody) -> Json:
        done = service.stop(identity, scope, body.reason, security=body.security, drain_seconds=body.drain_seconds)
        return stop_json(done)

    def lift(identity: Identity, scope: StopScope, body: ReasonBody) -> Json:
        lifted = service.lift(identity, scope, body.reason)
        with control.store.transaction() as session:
            held = service.standing(session, scope.subject) if scope.kind is StopKind.APP else []
        return {**stop_json(lifted[0]), "still_held": [stop_json(kill) for kill in held]}

    @api.post("/v1/kill/{path:path}")
    def kill(identity: Caller, path: str, body: KillBody) -> Json:
        return stop(identity, StopScope(StopKind.APP, path), body)

    @api.post("/v1/revive/{path:path}")
    def revive(identity: Caller, path: str, body: ReasonBody) -> Json:
        return lift(identity, StopScope(StopKind.APP, path), body)

    @api.post("/v1/stops", status_code=201)
    def start(identity: Caller, body: StopBody) -> Json:
        return stop(identity, StopScope.parse(body.scope), body)

    @api.post("/v1/stops/lift")
    def lift_scope(identity: Caller, body: LiftBody) -> Json:
        return lift(identity, StopScope.parse(body.scope), body)

    @api.get("/v1/stops")
    def listing(identity: Caller, lifted: Annotated[bool, Query(description="those that were lifted")] = False) -> Json:
        with control.store.transaction() as session:
            found = service.lifted(session, identity) if lifted else service.seen(session, identity)
            return {"stops": [stop_json(kill) for kill in found]}

    @api.get("/v1/stops/radius")
    def radius(identity: Caller, scope: Annotated[str, Query(description=_SCOPE)]) -> Json:
        with control.store.transaction() as session:
            return radius_json(radius_of(control, session, identity, StopScope.parse(scope)))

"""People over the API: who am I, roles, and who can do what."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION
from bailiwick.faces.api.bodies import ReasonBody, RoleBody, RoleRemovalBody
from bailiwick.faces.api.pages import Cursor, Json, Limit, page


def add_people(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add people to the API."""

    @api.get("/v1/me")
    def me(identity: Caller) -> Json:
        who = {
            "principal": str(identity.principal),
            "names": sorted(identity.names),
            "attributes": dict(identity.attributes),
        }
        if identity.behalf is not None:
            who |= {"act": {"sub": identity.principal.own}, "for": str(identity.behalf.principal)}
        return who

    @api.get("/v1/who-can")
    def who_can(identity: Caller, action: str, resource: str, cursor: Cursor = "", limit: Limit = 200) -> Json:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "role.read", _around(resource))
            found, further = control.access.who_can(
                session, action, resource, address=identity.address, cursor=cursor, limit=limit
            )
        who = [{"holder": item.principal, "deciders": item.deciders, "reason": item.reason} for item in found]
        return {"action": action, "resource": resource, "who": who, "cursor": further}

    @api.get("/v1/what-can")
    def what_can(
        identity: Caller, principal: str, kind: str = "app", action: str = "", cursor: Cursor = "", limit: Limit = 50
    ) -> Json:
        with control.store.transaction() as session:
            if principal != str(identity.principal):
                control.authorizer.require(session, identity, "role.read", ORGANIZATION)
            asked = control.access.identity(session, principal, address=identity.address)
            actions = [action] if action else []
            found, further = control.access.what_can(session, asked, kind, actions, cursor=cursor, limit=limit)
        return {"principal": principal, "what": [asdict(item) for item in found], "cursor": further}

    @api.get("/v1/roles")
    def roles(identity: Caller, cursor: Cursor = "", limit: Limit = 50) -> Json:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "role.read", ORGANIZATION)
            held = control.identity.roles.held(session)
        shown, further = page(held, lambda item: f"{item.scope} {item.role} {item.holder}", cursor, limit)
        return {"roles": [asdict(item) for item in shown], "cursor": further}

    @api.post("/v1/roles", status_code=201)
    def assign(identity: Caller, body: RoleBody) -> Json:
        control.identity.roles.assign(identity, body.role, body.holder, body.scope)
        return body.model_dump()

    @api.post("/v1/roles/remove")
    def remove(identity: Caller, body: RoleRemovalBody) -> Json:
        control.identity.roles.remove(identity, body.role, body.holder, body.scope, body.reason)
        return body.model_dump()

    @api.post("/v1/people/{email}/revoke")
    def revoke(identity: Caller, email: str, body: ReasonBody) -> Json:
        control.identity.revoke_principal(identity, f"user:{email}", body.reason)
        return {"principal": f"user:{email}"}

    @api.post("/v1/people/{email}/release")
    def release(identity: Caller, email: str, body: ReasonBody) -> Json:
        control.identity.release_person(identity, f"user:{email}", body.reason)
        return {"principal": f"user:{email}"}


def _around(resource: str) -> str:
    kind, _, path = resource.partition(":")
    folder = path.rpartition("/")[0]
    return f"folder:{folder}" if kind == "app" and folder else ORGANIZATION

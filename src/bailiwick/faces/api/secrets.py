"""Secrets over the API: names, versions and how they are rotated; a value only where two people agreed."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI, Response
from fastapi.encoders import jsonable_encoder

from bailiwick.control.app import ControlPlane
from bailiwick.control.reveals import Reveal
from bailiwick.control.rotations import Rotation, Rule, SecretView
from bailiwick.faces.api.bodies import ReasonBody, RotationRuleBody, SecretBody
from bailiwick.faces.api.pages import Cursor, Json, Limit, page


def add_secrets(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add secrets to the API."""
    service = control.rotations

    @api.get("/v1/client-authority")
    def client_authority(_: Caller) -> Json:
        """Return the authority of the certificates that the platform shows to other systems, for these to trust."""
        found = control.client_authority
        return {"certificate": found.certificate(), "revocations": found.revocations_url}

    @api.get("/v1/secrets")
    def secrets(identity: Caller, cursor: Cursor = "", limit: Limit = 50) -> Json:
        shown, further = page(service.secrets(identity), lambda item: item.name, cursor, limit)
        return {"secrets": [_secret(item) for item in shown], "cursor": further}

    @api.get("/v1/secrets/{name}")
    def secret(identity: Caller, name: str) -> Json:
        view, rotations = service.secret(identity, name)
        return {**_secret(view), "rotations": [_rotation(item) for item in rotations]}

    @api.put("/v1/secrets/{name}")
    def put_secret(identity: Caller, name: str, body: SecretBody) -> Json:
        return {"name": name, "version": service.put(identity, name, body.value)}

    @api.put("/v1/secrets/{name}/rotation")
    def declare(identity: Caller, name: str, body: RotationRuleBody) -> Json:
        rule = Rule(body.owner, body.source, body.every_hours, body.grace_minutes)
        service.declare(identity, name, rule, body.reason)
        return _secret(service.secret(identity, name)[0])

    @api.delete("/v1/secrets/{name}/rotation")
    def undeclare(identity: Caller, name: str, body: ReasonBody) -> Json:
        service.undeclare(identity, name, body.reason)
        return {"name": name}

    @api.post("/v1/secrets/{name}/rotations", status_code=202)
    def rotate(identity: Caller, name: str, body: ReasonBody) -> Json:
        """Have a secret rotated. One that is going on already is returned: two wishes end in one rotation."""
        return _rotation(service.rotate(identity, name, body.reason))

    @api.post("/v1/secrets/{name}/reveals", status_code=201)
    def ask_reveal(identity: Caller, name: str, body: ReasonBody) -> Json:
        """Ask to see a secret: another person must agree, unless policy says otherwise."""
        return _reveal(control.reveals.ask(identity, name, body.reason))

    @api.get("/v1/secrets/{name}/reveals")
    def reveals(identity: Caller, name: str) -> Json:
        return {"reveals": [_reveal(item) for item in control.reveals.of(identity, name)]}

    @api.post("/v1/reveals/{reveal}/approve")
    def approve_reveal(identity: Caller, reveal: str, body: ReasonBody) -> Json:
        return _reveal(control.reveals.approve(identity, reveal, body.reason))

    @api.post("/v1/reveals/{reveal}/revealed")
    def revealed(identity: Caller, reveal: str, response: Response) -> Json:
        """Return the value to whoever asked, once."""
        response.headers["cache-control"] = "no-store"
        found, value = control.reveals.value(identity, reveal)
        return {**_reveal(found), "value": value}


def _secret(view: SecretView) -> Json:
    found: Json = jsonable_encoder(asdict(view))
    if view.rule is not None and view.rule.source is not None:
        found["rule"]["source"] = view.rule.source.model_dump(mode="json")
        found["rule"]["made_at"] = view.rule.source.words
    return found


def _reveal(reveal: Reveal) -> Json:
    found: Json = jsonable_encoder(asdict(reveal))
    return found


def _rotation(rotation: Rotation) -> Json:
    found: Json = jsonable_encoder(asdict(rotation))
    return found

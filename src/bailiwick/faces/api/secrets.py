"""Secrets over the API: names, versions and how they are rotated; a value only where two people agreed."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from fastapi import FastAPI, Response
from fastapi.encoders import jsonable_encoder

from bailiwick.control.app import ControlPlane
from bailiwick.control.certificate_requests import CertificateRequest
from bailiwick.control.reveals import Reveal
from bailiwick.control.rotations import Rotation, Rule, SecretView
from bailiwick.control.vault import Spot
from bailiwick.faces.api.bodies import (
    CertificateBody,
    CertificateRequestBody,
    LinkBody,
    ReasonBody,
    RotationRuleBody,
    SecretBody,
)
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
        used = _used_by(control)
        return {"secrets": [_secret(item, used) for item in shown], "cursor": further}

    @api.get("/v1/secret-stores")
    def stores(identity: Caller) -> Json:
        found: Json = {"stores": jsonable_encoder([asdict(item) for item in control.secret_stores.stores(identity)])}
        return found

    @api.put("/v1/secrets/{name:path}/link")
    def link(identity: Caller, name: str, body: LinkBody) -> Json:
        """Say where a secret lies in a store of the company; it is read there once, and never shown."""
        spot = Spot(body.store, body.path, body.field, body.version)
        return {"name": name, "version": control.secret_stores.link(identity, name, spot, body.environment)}

    @api.post("/v1/secrets/{name:path}/certificate-request", status_code=201)
    def ask_certificate(identity: Caller, name: str, body: CertificateRequestBody) -> Json:
        """Make a key, which stays in the vault, and return the request that an authority of the company signs."""
        made = control.certificate_requests.ask(
            identity, name, subject=body.subject, hosts=body.hosts, environment=body.environment
        )
        return _as_json(made)

    @api.get("/v1/secrets/{name:path}/certificate-request")
    def certificate_request(identity: Caller, name: str) -> Json:
        return _as_json(control.certificate_requests.request(identity, name))

    @api.delete("/v1/secrets/{name:path}/certificate-request")
    def withdraw_certificate_request(identity: Caller, name: str, body: ReasonBody) -> Json:
        control.certificate_requests.withdraw(identity, name, body.reason)
        return {"name": name}

    @api.put("/v1/secrets/{name:path}/certificate")
    def install_certificate(identity: Caller, name: str, body: CertificateBody) -> Json:
        """Take in what was signed, as the secret's next version."""
        return {"name": name, "version": control.certificate_requests.install(identity, name, body.certificates)}

    @api.put("/v1/secrets/{name:path}/rotation")
    def declare(identity: Caller, name: str, body: RotationRuleBody) -> Json:
        rule = Rule(body.owner, body.source, body.every_hours, body.grace_minutes)
        service.declare(identity, name, rule, body.reason)
        return _secret(service.secret(identity, name)[0], _used_by(control))

    @api.delete("/v1/secrets/{name:path}/rotation")
    def undeclare(identity: Caller, name: str, body: ReasonBody) -> Json:
        service.undeclare(identity, name, body.reason)
        return {"name": name}

    @api.post("/v1/secrets/{name:path}/rotations", status_code=202)
    def rotate(identity: Caller, name: str, body: ReasonBody) -> Json:
        """Have a secret rotated. One that is going on already is returned: two wishes end in one rotation."""
        return _as_json(service.rotate(identity, name, body.reason))

    @api.post("/v1/secrets/{name:path}/reveals", status_code=201)
    def ask_reveal(identity: Caller, name: str, body: ReasonBody) -> Json:
        """Ask to see a secret: another person must agree, unless policy says otherwise."""
        return _as_json(control.reveals.ask(identity, name, body.reason))

    @api.get("/v1/secrets/{name:path}/reveals")
    def reveals(identity: Caller, name: str) -> Json:
        return {"reveals": [_as_json(item) for item in control.reveals.of(identity, name)]}

    # These take whatever the paths above do not: what a secret of a folder is called has slashes.
    @api.get("/v1/secrets/{name:path}")
    def secret(identity: Caller, name: str) -> Json:
        view, rotations = service.secret(identity, name)
        return {**_secret(view, _used_by(control)), "rotations": [_as_json(item) for item in rotations]}

    @api.put("/v1/secrets/{name:path}")
    def put_secret(identity: Caller, name: str, body: SecretBody) -> Json:
        return {"name": name, "version": service.put(identity, name, body.value, body.environment)}

    @api.post("/v1/reveals/{reveal}/approve")
    def approve_reveal(identity: Caller, reveal: str, body: ReasonBody) -> Json:
        return _as_json(control.reveals.approve(identity, reveal, body.reason))

    @api.post("/v1/reveals/{reveal}/revealed")
    def revealed(identity: Caller, reveal: str, response: Response) -> Json:
        """Return the value to whoever asked, once."""
        response.headers["cache-control"] = "no-store"
        found, value = control.reveals.value(identity, reveal)
        return {**_as_json(found), "value": value}


def _used_by(control: ControlPlane) -> Mapping[str, list[tuple[str, str]]]:
    with control.store.transaction() as session:
        return control.integrations.using(session)


def _secret(view: SecretView, used: Mapping[str, list[tuple[str, str]]]) -> Json:
    found: Json = jsonable_encoder(asdict(view))
    found["used_by"] = [{"integration": name, "plane": plane} for name, plane in used.get(view.name, ())]
    if view.rule is not None and view.rule.source is not None:
        found["rule"]["source"] = view.rule.source.model_dump(mode="json")
        found["rule"]["made_at"] = view.rule.source.words
    return found


def _as_json(value: Reveal | Rotation | CertificateRequest) -> Json:
    found: Json = jsonable_encoder(asdict(value))
    return found

"""The keys of the vault over the API: how they stand, rotation, moving to another provider, and destruction."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from pydantic import Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.encryption_keys import KeysView, Shredding
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Json


class ShredBody(ReasonBody):
    """Whose keys are to be destroyed, named so that nobody does it by mistake, and why."""

    tenant: str = Field(max_length=200)


def add_encryption_keys(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add the keys of the vault to the API."""

    @api.get("/v1/encryption-keys")
    def show(identity: Caller) -> Json:
        return _view(control.encryption_keys.show(identity))

    @api.post("/v1/encryption-keys/company/rotate")
    def rotate_company(identity: Caller, body: ReasonBody) -> Json:
        return _view(control.encryption_keys.rotate_company(identity, body.reason))

    @api.post("/v1/encryption-keys/tenant/rotate")
    def rotate_tenant(identity: Caller, body: ReasonBody) -> Json:
        return _view(control.encryption_keys.rotate_tenant(identity, body.reason))

    @api.post("/v1/encryption-keys/move")
    def move(identity: Caller, body: ReasonBody) -> Json:
        return _view(control.encryption_keys.move(identity, body.reason))

    @api.post("/v1/encryption-keys/shredding", status_code=201)
    def ask_shredding(identity: Caller, body: ShredBody) -> Json:
        return _shredding(control.encryption_keys.ask_shredding(identity, body.tenant, body.reason))

    @api.post("/v1/encryption-keys/shredding/withdraw")
    def withdraw_shredding(identity: Caller, body: ReasonBody) -> Json:
        return _shredding(control.encryption_keys.withdraw_shredding(identity, body.reason))

    @api.post("/v1/encryption-keys/shredding/confirm")
    def confirm_shredding(identity: Caller, body: ShredBody) -> Json:
        """Destroy the tenant's keys, which another person asked for. There is no way back."""
        shredding, company = control.encryption_keys.confirm_shredding(identity, body.tenant, body.reason)
        return {**_shredding(shredding), "company_key": company}


def _view(view: KeysView) -> Json:
    found: Json = jsonable_encoder(asdict(view))
    return found


def _shredding(shredding: Shredding) -> Json:
    found: Json = jsonable_encoder(asdict(shredding))
    return found

"""Service identities over the API: the inventory of all that is no person, and the life of those made here."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ServiceDraft, ServiceKey, ServiceView, Trust, TrustDraft
from bailiwick.control.inventory import Entry, Filter, Flag, Kind
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Cursor, Json, Limit, page

Days = Annotated[int, Query(ge=1, le=3660, description="days")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ServiceBody(_Body):
    """A service identity or an agent to make."""

    name: str = Field(max_length=80)
    owner: str = Field(max_length=300)
    purpose: str = Field(max_length=2000)
    days: int = Field(default=90, ge=1, le=366)
    public: bool = False


class ChangeBody(_Body):
    """What should be different; what is left out stays."""

    owner: str | None = Field(default=None, max_length=300)
    purpose: str | None = Field(default=None, max_length=2000)


class DaysBody(_Body):
    """How long from now."""

    days: int = Field(ge=1, le=366)


class KeyBody(_Body):
    """The public half of a key pair, as a JWK."""

    jwk: dict[str, Any] = Field(max_length=20, repr=False)


class TrustBody(_Body):
    """Whose tokens stand for the service identity; the audience is this installation's address where it is left out."""

    issuer: str = Field(max_length=500)
    audience: str = Field(default="", max_length=500)
    subject: str = Field(default="", max_length=500)
    subject_prefix: bool = False
    claims: dict[str, str] = Field(default_factory=dict, max_length=10)
    jwks: dict[str, Any] | None = None


def add_services(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add service identities to the API."""

    @api.get("/v1/services")
    def entries(
        identity: Caller,
        kind: Kind | None = None,
        flag: Flag | None = None,
        unused_for: Days = 90,
        expiring: Days = 30,
        cursor: Cursor = "",
        limit: Limit = 50,
    ) -> Json:
        wanted = Filter(kind, flag, timedelta(days=unused_for), timedelta(days=expiring))
        with control.store.transaction() as session:
            found = control.inventory.entries(session, identity, wanted)
        shown, further = page(found, lambda item: f"{item.kind} {item.name}", cursor, limit)
        return {"services": [entry_json(item) for item in shown], "cursor": further}

    @api.post("/v1/services", status_code=201)
    def create(identity: Caller, body: ServiceBody) -> Json:
        return view_json(control.services.create(identity, ServiceDraft(**body.model_dump())))

    @api.get("/v1/services/{name}")
    def show(identity: Caller, name: str) -> Json:
        return view_json(control.services.view(identity, name))

    @api.patch("/v1/services/{name}")
    def change(identity: Caller, name: str, body: ChangeBody) -> Json:
        return view_json(control.services.change(identity, name, owner=body.owner, purpose=body.purpose))

    @api.post("/v1/services/{name}/prolong")
    def prolong(identity: Caller, name: str, body: DaysBody) -> Json:
        return view_json(control.services.prolong(identity, name, body.days))

    @api.post("/v1/services/{name}/disable")
    def disable(identity: Caller, name: str, body: ReasonBody) -> Json:
        return view_json(control.services.disable(identity, name, body.reason))

    @api.post("/v1/services/{name}/enable")
    def enable(identity: Caller, name: str, body: ReasonBody) -> Json:
        return view_json(control.services.enable(identity, name, body.reason))

    @api.post("/v1/services/{name}/remove")
    def remove(identity: Caller, name: str, body: ReasonBody) -> Json:
        control.services.remove(identity, name, body.reason)
        return {"name": name}

    _add_credentials(api, control, Caller)


def _add_credentials(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    @api.post("/v1/services/{name}/keys", status_code=201)
    def add_key(identity: Caller, name: str, body: KeyBody) -> Json:
        return key_json(control.services.add_key(identity, name, body.jwk))

    @api.post("/v1/services/{name}/keys/{key_id}/remove")
    def remove_key(identity: Caller, name: str, key_id: str, body: ReasonBody) -> Json:
        control.services.remove_key(identity, name, key_id, body.reason)
        return {"name": name, "key": key_id}

    @api.post("/v1/services/{name}/trusts", status_code=201)
    def add_trust(identity: Caller, name: str, body: TrustBody) -> Json:
        asked = body.model_dump()
        asked["audience"] = asked["audience"] or control.settings.public_url
        return trust_json(control.services.add_trust(identity, name, TrustDraft(**asked)))

    @api.post("/v1/services/{name}/trusts/{trust_id}/remove")
    def remove_trust(identity: Caller, name: str, trust_id: str, body: ReasonBody) -> Json:
        control.services.remove_trust(identity, name, trust_id, body.reason)
        return {"name": name, "trust": trust_id}


def entry_json(entry: Entry) -> Json:
    """Return an identity of the inventory."""
    return asdict(entry)


def view_json(view: ServiceView) -> Json:
    """Return a service identity with its credentials."""
    return {
        **asdict(view.service),
        "state": view.state,
        "keys": [key_json(key) for key in view.keys],
        "trusts": [trust_json(trust) for trust in view.trusts],
    }


def key_json(key: ServiceKey) -> Json:
    """Return a public key."""
    return {
        "id": key.id,
        "jwk": dict(key.jwk),
        "added_by": key.added_by,
        "added": key.added,
        "last_used": key.last_used,
    }


def trust_json(trust: Trust) -> Json:
    """Return a trust."""
    return {
        "id": trust.id,
        **asdict(trust.terms),
        "added_by": trust.added_by,
        "added": trust.added,
        "last_used": trust.last_used,
    }

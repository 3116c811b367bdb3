"""Domains over the API: which host names an app has, bind, unbind."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import FastAPI, Query
from pydantic import Field

from bailiwick.control.app import ControlPlane
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Json


class DomainBody(ReasonBody):
    """Which name, of which app, and why it changes."""

    app: str = Field(max_length=300)
    host: str = Field(max_length=300)


def add_domains(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add domains to the API."""

    @api.get("/v1/domains")
    def listing(identity: Caller, app: Annotated[str, Query(max_length=300)]) -> Json:
        with control.store.transaction() as session:
            return {"domains": [asdict(item) for item in control.domains.of_app(session, identity, app)]}

    @api.post("/v1/domains", status_code=201)
    def bind(identity: Caller, body: DomainBody) -> Json:
        return asdict(control.domains.bind(identity, body.app, body.host, body.reason))

    @api.post("/v1/domains/remove")
    def unbind(identity: Caller, body: DomainBody) -> Json:
        return asdict(control.domains.unbind(identity, body.app, body.host, body.reason))

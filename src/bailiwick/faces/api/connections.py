"""A person's own connections over the API: where apps act in their name, and the end of that. Begun in the console."""

from typing import Any

from fastapi import FastAPI

from bailiwick.control.app import ControlPlane
from bailiwick.control.consents import PAGE, Connection
from bailiwick.faces.api.pages import Cursor, Json, Limit, page


def add_connections(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add a person's own connections to the API."""
    where = f"{control.settings.public_url}{PAGE}"

    @api.get("/v1/connections")
    def connections(identity: Caller, cursor: Cursor = "", limit: Limit = 50) -> Json:
        with control.store.transaction() as session:
            found = control.consents.connections(session, identity)
        shown, further = page(found, lambda item: f"{item.place.integration}/{item.place.plane}", cursor, limit)
        return {"connections": [_line(item) for item in shown], "connect_at": where, "cursor": further}

    @api.post("/v1/connections/{integration}/{plane}/end")
    def end(identity: Caller, integration: str, plane: str) -> Json:
        ended = control.consents.end(identity, integration, plane, "over the API")
        return {"integration": ended.integration, "plane": ended.plane, "ended": ended.id}


def _line(item: Connection) -> dict[str, Any]:
    place, consent = item.place, item.consent
    return {
        "integration": place.integration,
        "plane": place.plane,
        "description": place.description,
        "state": item.state,
        "host": place.host,
        "apps": sorted({use.app for use in place.apps}),
        "account": consent.account if consent else "",
        "scopes": list(consent.scopes) if consent else [],
        "connected_at": consent.connected_at if consent else None,
        "token_ends": consent.token_ends if consent else None,
        "renewed_by_itself": consent.renewed_by_itself if consent else False,
        "lapsed_because": consent.lapsed_because if consent else "",
    }

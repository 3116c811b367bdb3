"""What the API has in common for texts in versions: the list, the history, the difference, and the decisions."""

from dataclasses import asdict
from typing import Any, Protocol

from fastapi import FastAPI
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.versions import Version, VersionSet
from bailiwick.core.principals import Identity
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Cursor, Json, Limit, page


class VersionService(Protocol):
    """What people do with versions of one kind."""

    def sets(self, session: Session, by: Identity) -> Any:
        """Return what there is of each name, as far as somebody may read it."""

    def history(self, session: Session, by: Identity, name: str) -> Any:
        """Return every version, newest first."""

    def difference(self, session: Session, by: Identity, name: str, version: int) -> str:
        """Return the diff from the version in force to another."""

    def approve(self, by: Identity, name: str, version: int, reason: str = "") -> Version:
        """Approve a version that somebody else proposed."""

    def refuse(self, by: Identity, name: str, version: int, reason: str) -> Version:
        """Refuse a version, for good."""


def add_versions(api: FastAPI, control: ControlPlane, Caller: Any, kind: str, service: VersionService) -> None:  # noqa: N803 - a type
    """Add the routes below `/v1/KIND`; those with fixed words come before them."""

    @api.get(f"/v1/{kind}")
    def sets(identity: Caller, cursor: Cursor = "", limit: Limit = 50) -> Json:
        with control.store.transaction() as session:
            found = service.sets(session, identity)
        shown, further = page(found, lambda item: item.name, cursor, limit)
        return {kind: [set_json(item) for item in shown], "cursor": further}

    @api.get(f"/v1/{kind}/{{name}}")
    def history(identity: Caller, name: str, cursor: Cursor = "", limit: Limit = 50) -> Json:
        with control.store.transaction() as session:
            found = service.history(session, identity, name)
        # The newest first: a cursor counts down.
        shown, further = page(found, lambda item: f"{10**9 - item.version:09d}", cursor, limit)
        return {"name": name, "scope": found[0].scope, "versions": [asdict(item) for item in shown], "cursor": further}

    @api.get(f"/v1/{kind}/{{name}}/versions/{{version}}/diff")
    def difference(identity: Caller, name: str, version: int) -> Json:
        with control.store.transaction() as session:
            return {"diff": service.difference(session, identity, name, version)}

    @api.post(f"/v1/{kind}/{{name}}/versions/{{version}}/approve")
    def approve(identity: Caller, name: str, version: int, body: ReasonBody) -> Json:
        return asdict(service.approve(identity, name, version, body.reason))

    @api.post(f"/v1/{kind}/{{name}}/versions/{{version}}/refuse")
    def refuse(identity: Caller, name: str, version: int, body: ReasonBody) -> Json:
        return asdict(service.refuse(identity, name, version, body.reason))


def set_json(item: VersionSet[Version]) -> Json:
    """Return what there is of a name as the API writes it."""
    return {
        "name": item.name,
        "scope": item.scope,
        "active": item.active.version if item.active is not None else None,
        "newest": item.newest.version,
        "state": item.newest.state,
    }

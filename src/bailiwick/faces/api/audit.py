"""The audit log over the API: search, counts, following, searches that are kept, and export."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import FastAPI, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.control.app import ControlPlane, checkpoint
from bailiwick.control.audit import (
    AuditQuery,
    SavedSearch,
    export_lines,
    histogram,
    parse_terms,
    remove_search,
    save_search,
    saved_searches,
    search,
)
from bailiwick.control.identity import API_AUDIENCE, ORGANIZATION
from bailiwick.core.principals import Identity
from bailiwick.faces.api.pages import Cursor, Json, Limit
from bailiwick.faces.live import LiveLog, logged_document

_NAMED = ("actor", "action", "resource", "app", "outcome", "trace", "text", "since", "until")
Terms = Annotated[
    list[str],
    Query(
        default_factory=list,
        max_length=40,
        description="terms `name=value`, such as `action=app.*`, `since=7d`, `plane=production`; text without a name",
    ),
]


class SavedSearchBody(BaseModel):
    """A search to keep."""

    model_config = ConfigDict(extra="forbid")
    terms: list[str] = Field(max_length=40)
    shared: bool = False


def add_audit(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add the audit log to the API."""
    _add_reading(api, control, Caller)
    _add_saved(api, control, Caller)
    live = LiveLog(control)

    @api.get("/v1/audit/tail", response_class=StreamingResponse)
    def tail(
        identity: Caller,
        request: Request,
        q: Terms,
        authorization: Annotated[str, Header()] = "",
    ) -> Response:
        def still() -> Identity:
            return control.identity.authenticate_token(authorization.partition(" ")[2], audience=API_AUDIENCE)

        _require(control, identity)
        return live.stream(request, _question(control, request, q), still)

    @api.get("/v1/audit/export")
    def export(identity: Caller) -> Response:
        _require(control, identity)
        # Signed first, so that a checkpoint covers every event of the export.
        checkpoint(control)
        return StreamingResponse(_exported(control), media_type="application/x-ndjson")


def _add_reading(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    @api.get("/v1/audit")
    def audit(
        identity: Caller,
        request: Request,
        q: Terms,
        cursor: Cursor = "",
        limit: Limit = 50,
    ) -> Json:
        """Search. Besides `q`, each of actor, action, resource, app, outcome, trace, text, since and until may be given
        as a parameter of its own, several times where values are alternatives.
        """
        query = _question(control, request, q)
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "audit.read", ORGANIZATION)
            page = search(session, query, cursor=cursor, limit=limit)
        return {"events": [logged_document(item) for item in page.events], "cursor": page.cursor}

    @api.get("/v1/audit/histogram")
    def counts(identity: Caller, request: Request, q: Terms) -> Json:
        query = _question(control, request, q)
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "audit.read", ORGANIZATION)
            found = histogram(session, query, control.clock())
        bars = [{"start": bar.start.isoformat(), "count": bar.count, "bad": bar.bad} for bar in found.bars]
        return {"step_seconds": int(found.step.total_seconds()), "whole": found.whole, "bars": bars}


def _add_saved(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    @api.get("/v1/audit/searches")
    def kept(identity: Caller) -> Json:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "audit.read", ORGANIZATION)
            return {"searches": [_saved(item) for item in saved_searches(session, str(identity.principal))]}

    @api.put("/v1/audit/searches/{name}")
    def keep(identity: Caller, name: str, body: SavedSearchBody) -> Json:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "audit.read", ORGANIZATION)
            who = str(identity.principal)
            return _saved(save_search(session, control.audit, who, name, body.terms, shared=body.shared))

    @api.delete("/v1/audit/searches/{name}")
    def forget(identity: Caller, name: str) -> Json:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "audit.read", ORGANIZATION)
            remove_search(session, control.audit, str(identity.principal), name)
        return {"removed": name}


def _saved(item: SavedSearch) -> Json:
    return {
        "name": item.name,
        "owner": item.owner,
        "shared": item.shared,
        "terms": list(item.terms),
        "saved": item.saved.isoformat(),
    }


def _require(control: ControlPlane, identity: Identity) -> None:
    with control.store.transaction() as session:
        control.authorizer.require(session, identity, "audit.read", ORGANIZATION)


def _question(control: ControlPlane, request: Request, terms: list[str]) -> AuditQuery:
    named = [f"{name}={value}" for name in _NAMED for value in request.query_params.getlist(name) if value]
    return parse_terms([*named, *terms], control.clock())


def _exported(control: ControlPlane) -> Iterator[bytes]:
    with control.store.transaction() as session:
        yield from export_lines(session, control.audit_key.public_text)

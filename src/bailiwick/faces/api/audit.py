"""The audit log over the API: search and export."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import StreamingResponse

from bailiwick.control.app import ControlPlane, checkpoint
from bailiwick.control.audit import AuditQuery, export_lines, search
from bailiwick.control.identity import ORGANIZATION
from bailiwick.faces.api.pages import Cursor, Json, Limit


def add_audit(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add the audit log to the API."""

    @api.get("/v1/audit")
    def audit(
        identity: Caller,
        actor: str = "",
        action: str = "",
        resource: str = "",
        app: str = "",
        outcome: str = "",
        trace: str = "",
        text: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: Cursor = "",
        limit: Limit = 50,
    ) -> Json:
        query = AuditQuery(actor, action, resource, app, outcome, trace, text, since, until)
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "audit.read", ORGANIZATION)
            page = search(session, query, cursor=cursor, limit=limit)
        events = [{"sequence": item.sequence, **item.event.model_dump(mode="json")} for item in page.events]
        return {"events": events, "cursor": page.cursor}

    @api.get("/v1/audit/export")
    def export(identity: Caller) -> Response:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "audit.read", ORGANIZATION)
        # Signed first, so that a checkpoint covers every event of the export.
        checkpoint(control)
        return StreamingResponse(_exported(control), media_type="application/x-ndjson")


def _exported(control: ControlPlane) -> Iterator[bytes]:
    with control.store.transaction() as session:
        yield from export_lines(session, control.audit_key.public_text)

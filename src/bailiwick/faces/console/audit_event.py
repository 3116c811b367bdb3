"""The page of one audit event: all of it, what it changed, what it is about, and the proof that it is in the log."""

from typing import Annotated

from fastapi import FastAPI, Path, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane, checkpoint
from bailiwick.control.audit import (
    AuditQuery,
    LoggedEvent,
    body_at,
    event_at,
    latest_checkpoint,
    prove_inclusion,
    search,
)
from bailiwick.control.identity import ORGANIZATION
from bailiwick.core.checkpoints import check_inclusion
from bailiwick.core.errors import BailiwickError, NotFoundError
from bailiwick.core.merkle import climb, leaf_hash
from bailiwick.faces.console.event_view import event_view
from bailiwick.faces.console.proof_view import proof_view
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor

_MOST_BELONGING = 50


def add_audit_event(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page of an event."""
    key = control.audit_key.public_text

    @app.get("/audit/events/{sequence}/proof.json")
    def proof_of(visitor: Visitor, sequence: Annotated[int, Path(ge=0, lt=1 << 62)]) -> Response:
        with control.store.transaction() as session:
            control.authorizer.require(session, visitor.identity, "audit.read", ORGANIZATION)
            body = body_at(session, sequence)
            if body is None:
                raise NotFoundError(f"the log has no event {sequence}", hint="search the audit log for it")
        checkpoint(control)
        with control.store.transaction() as session:
            signed = latest_checkpoint(session, key)
            proof = prove_inclusion(session, sequence, signed.content.size)
        return JSONResponse(
            {"sequence": sequence, "body": body.decode(), "proof": proof, "checkpoint": dict(signed.envelope)}
        )

    @app.get("/audit/events/{sequence}", response_class=HTMLResponse)
    def event(request: Request, visitor: Visitor, sequence: Annotated[int, Path(ge=0, lt=1 << 62)]) -> Response:
        with control.store.transaction() as session:
            control.authorizer.require(session, visitor.identity, "audit.read", ORGANIZATION)
            logged, body = event_at(session, sequence), body_at(session, sequence)
        if logged is None or body is None:
            raise NotFoundError(f"the log has no event {sequence}", hint="search the audit log for it")
        checkpoint(control)
        leaf, problem, proof = leaf_hash(body), "", list[str]()
        with control.store.transaction() as session:
            signed = latest_checkpoint(session, key).content
            try:
                proof = prove_inclusion(session, sequence, signed.size)
                check_inclusion(signed, sequence, leaf, proof)
            except BailiwickError as fault:
                problem = fault.message
            belongs = [event_view(item) for item in _belonging(session, logged)]
        steps = climb(leaf, sequence, signed.size, [bytes.fromhex(item) for item in proof]) or []
        return pages.render(
            request,
            "audit_event",
            visitor,
            event=event_view(logged),
            problem=problem,
            belongs=belongs,
            signed=signed,
            drawing=proof_view(leaf, steps, sequence, signed.size),
            key=key,
            newer=sequence + 1 if sequence + 1 < signed.size else None,
            older=sequence - 1 if sequence else None,
        )


def _belonging(session: Session, logged: LoggedEvent) -> list[LoggedEvent]:
    """Return the other events of the same request, oldest first: what was asked, decided, read and answered in it."""
    if not logged.event.trace:
        return []
    found = search(session, AuditQuery(trace=logged.event.trace), limit=_MOST_BELONGING).events
    return [item for item in reversed(found) if item.sequence != logged.sequence]

"""The page of one audit event: all of it, what it changed, what it is about, and the proof that it is in the log."""

from typing import Annotated

from fastapi import FastAPI, Path, Request
from fastapi.responses import HTMLResponse, Response

from bailiwick.control.app import ControlPlane, checkpoint
from bailiwick.control.audit import body_at, event_at, latest_checkpoint, prove_inclusion
from bailiwick.control.identity import ORGANIZATION
from bailiwick.core.checkpoints import check_inclusion
from bailiwick.core.errors import BailiwickError, NotFoundError
from bailiwick.core.merkle import climb, leaf_hash
from bailiwick.faces.console.event_view import event_view
from bailiwick.faces.console.proof_view import proof_view
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor


def add_audit_event(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page of an event."""
    key = control.audit_key.public_text

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
        steps = climb(leaf, sequence, signed.size, [bytes.fromhex(item) for item in proof]) or []
        return pages.render(
            request,
            "audit_event",
            visitor,
            event=event_view(logged),
            problem=problem,
            signed=signed,
            drawing=proof_view(leaf, steps, sequence, signed.size),
            key=key,
            newer=sequence + 1 if sequence + 1 < signed.size else None,
            older=sequence - 1 if sequence else None,
        )

"""A person's own sessions over the API: what acts for them now, and its end."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI

from bailiwick.control.app import ControlPlane
from bailiwick.faces.api.pages import Cursor, Json, Limit, page


def add_sessions(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add a person's own sessions to the API."""

    @api.get("/v1/sessions")
    def held(identity: Caller, cursor: Cursor = "", limit: Limit = 50) -> Json:
        shown, further = page(control.sessions.held(identity), lambda item: item.id, cursor, limit)
        return {"sessions": [asdict(item) for item in shown], "cursor": further}

    @api.post("/v1/sessions/{session_id}/end")
    def end(identity: Caller, session_id: str) -> Json:
        control.sessions.end(identity, session_id)
        return {"session": session_id}

    @api.post("/v1/sessions/end-all")
    def end_all(identity: Caller) -> Json:
        control.sessions.end_all(identity)
        return {"principal": str(identity.principal)}

"""Apps' own databases over the API: how they are, and the return to a snapshot or a moment."""

from dataclasses import asdict
from typing import Any, Literal

from fastapi import FastAPI
from pydantic import AwareDatetime

from bailiwick.control.app import ControlPlane
from bailiwick.control.databases import Rehearsal
from bailiwick.faces.api.bodies import ReasonBody
from bailiwick.faces.api.pages import Json


class MomentBody(ReasonBody):
    """The moment to go back to, and of which mode."""

    moment: AwareDatetime
    mode: Literal["preview", "production"] = "production"


def add_databases(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add databases to the API."""

    @api.get("/v1/databases/{path:path}")
    def show_databases(identity: Caller, path: str) -> Json:
        with control.store.transaction() as session:
            found = control.databases.databases(session, identity, path)
        return {"databases": [asdict(item) for item in found]}

    @api.post("/v1/databases/restore/{snapshot}/{path:path}", status_code=202)
    def restore(identity: Caller, snapshot: str, path: str, body: ReasonBody) -> Json:
        return asdict(control.databases.restore(identity, path, snapshot, body.reason))

    @api.post("/v1/databases/restore-to/{path:path}", status_code=202)
    def restore_moment(identity: Caller, path: str, body: MomentBody) -> Json:
        return asdict(control.databases.restore_moment(identity, path, body.moment, body.reason, body.mode))


def rehearsal_json(rehearsal: Rehearsal | None) -> Json | None:
    """Return a rehearsal as the API shows it, with its signed statement; None where a deploy needs none."""
    if rehearsal is None:
        return None
    statement = rehearsal.statement.model_dump(mode="json", by_alias=True) if rehearsal.statement is not None else None
    return {
        "state": rehearsal.state.value,
        "words": rehearsal.words,
        "why": rehearsal.why,
        "diff": list(rehearsal.diff),
        "notes": list(rehearsal.notes),
        "breaks": list(rehearsal.breaks),
        "migrations": [asdict(item) for item in rehearsal.migrations],
        "statement": statement,
    }

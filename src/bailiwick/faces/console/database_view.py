"""Apps' own databases on pages: what a deploy does to one, how one is, and the form that puts a snapshot back."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Form
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.catalog import App
from bailiwick.control.databases import Rehearsal, RehearsalState
from bailiwick.core.principals import Identity
from bailiwick.faces.console.sessions import Writer
from bailiwick.faces.console.words import State

_PILLS = {
    RehearsalState.WAITING: State("being rehearsed", "warn"),
    RehearsalState.PASSED: State("rehearsed", "good"),
    RehearsalState.FAILED: State("failed", "bad"),
}


def add_restores(app: FastAPI, control: ControlPlane) -> None:
    """Add the forms that put a database back."""

    @app.post("/apps/{path:path}/restore-database")
    def restore(
        visitor: Writer,
        path: str,
        snapshot: Annotated[str, Form(max_length=60)],
        reason: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        control.databases.restore(visitor.identity, path, snapshot, reason)
        return RedirectResponse(f"/apps/{path}#database", 303)

    @app.post("/apps/{path:path}/restore-database-to")
    def restore_moment(
        visitor: Writer,
        path: str,
        moment: Annotated[datetime, Form()],
        mode: Annotated[Literal["preview", "production"], Form()],
        reason: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        # A browser's field has no time zone; the page says that it is UTC.
        control.databases.restore_moment(visitor.identity, path, moment.replace(tzinfo=UTC), reason, mode)
        return RedirectResponse(f"/apps/{path}#database", 303)


def rehearsal_view(rehearsal: Rehearsal | None) -> dict[str, Any] | None:
    """Return what the card of a deploy shows of its migrations, or None."""
    if rehearsal is None:
        return None
    return {"found": rehearsal, "state": _PILLS[rehearsal.state]}


def database_view(control: ControlPlane, session: Session, identity: Identity, app: App) -> dict[str, Any]:
    """Return what the page of an app shows of its databases."""
    return {"databases": control.databases.databases(session, identity, app.path)}

"""Rollback in the console: earlier releases on the page of an app, and the forms that serve one of them again."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import FastAPI, Form
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.catalog import App
from bailiwick.control.release import Fallback
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.faces.console.sessions import Writer
from bailiwick.faces.console.words import State


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier release, whether it would pass today, and whether this person may serve it although not."""

    fallback: Fallback
    state: State
    force: Decision


def add_rollbacks(app: FastAPI, control: ControlPlane) -> None:
    """Add the forms: one for what passes, one for emergencies."""

    @app.post("/apps/{path:path}/rollback")
    def roll_back(
        visitor: Writer,
        path: str,
        release: Annotated[str, Form(max_length=60)],
        accept_loss: Annotated[bool, Form()] = False,
    ) -> Response:
        control.rollbacks.roll_back(visitor.identity, path, release, accept_loss=accept_loss)
        return RedirectResponse(f"/apps/{path}", 303)

    @app.post("/apps/{path:path}/force-rollback")
    def force(
        visitor: Writer,
        path: str,
        release: Annotated[str, Form(max_length=60)],
        reason: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        control.rollbacks.force(visitor.identity, path, release, reason)
        return RedirectResponse(f"/apps/{path}", 303)


def rollback_view(control: ControlPlane, session: Session, identity: Identity, app: App) -> dict[str, Any]:
    """Return what the page of an app shows of earlier releases."""
    found = control.rollbacks.fallbacks(session, identity, app.path)
    return {
        "earlier": [
            Earlier(
                item,
                State("not now", "bad") if item.why_not else State("passes the review", "good"),
                control.rollbacks.explain_force(session, identity, item.release),
            )
            for item in found
        ]
    }

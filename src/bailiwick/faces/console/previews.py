"""Previews of branches in the console: what the page of an app shows of them, and its forms."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import FastAPI, Form
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.catalog import App
from bailiwick.control.previews import Preview, PreviewState
from bailiwick.core.principals import Identity
from bailiwick.faces.console.sessions import Writer
from bailiwick.faces.console.words import State, state

Branch = Annotated[str, Form(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """A preview as a row: its state as a pill, and where it answers while it is served."""

    preview: Preview
    state: State
    address: str


def add_previews(app: FastAPI, control: ControlPlane) -> None:
    """Add the forms: one ends a preview, one gives it its time again."""

    @app.post("/apps/{path:path}/end-preview")
    def end(visitor: Writer, path: str, branch: Branch) -> Response:
        control.previews.end(visitor.identity, path, branch)
        return RedirectResponse(f"/apps/{path}#previews", 303)

    @app.post("/apps/{path:path}/renew-preview")
    def renew(visitor: Writer, path: str, branch: Branch) -> Response:
        control.previews.renew(visitor.identity, path, branch)
        return RedirectResponse(f"/apps/{path}#previews", 303)


def previews_view(control: ControlPlane, session: Session, identity: Identity, app: App) -> dict[str, Any]:
    """Return what the page of an app shows of its branches' previews."""
    stopped = control.stops.standing_in(session, app.path, "preview") is not None
    lines = []
    for item in control.previews.list(session, identity, app.path):
        live = item.state is PreviewState.LIVE
        word = ("killed" if stopped else item.status) if live else item.state.value
        lines.append(PreviewLine(item, state(word), control.previews.register.address(item) if live else ""))
    return {"previews": lines}

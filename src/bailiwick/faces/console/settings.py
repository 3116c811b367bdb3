"""The settings page: what drifted from them, by whom and when, and their versions."""

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.encryption_keys import KeysView
from bailiwick.core.errors import ForbiddenError
from bailiwick.core.principals import Identity
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor
from bailiwick.faces.console.words import count

_MOST_VERSIONS = 30


def add_settings(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page."""

    @app.get("/settings", response_class=HTMLResponse)
    def settings(request: Request, visitor: Visitor) -> Response:
        history = control.declared.history(visitor.identity)
        drifts = control.declared.drifts(visitor.identity)
        present = [drift for drift in drifts if drift.ended is None]
        versions = [(item, history.changes(item.sequence)) for item in history.versions[-_MOST_VERSIONS:]]
        glance = (
            f"{count(len(present), 'place')} drifted from what was declared."
            if present
            else f"Nothing drifted; {count(len(history.versions), 'version')}, each signed."
        )
        return pages.render(
            request,
            "settings",
            visitor,
            glance=glance,
            present=present,
            past=[drift for drift in drifts if drift.ended is not None],
            versions=versions[::-1],
            keys=_keys(control, visitor.identity),
            planes={
                name: (found, found.changes(found.newest.sequence) if found.newest else [])
                for name, found in control.declared.planes(visitor.identity).items()
            },
        )


def _keys(control: ControlPlane, identity: Identity) -> KeysView | None:
    """Return how the vault's keys stand, to who may see it."""
    try:
        return control.encryption_keys.show(identity)
    except ForbiddenError:
        return None

"""What acts for people now, browsers and programs, for whoever may end it."""

from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.told import Told, tell
from bailiwick.faces.console.words import count

_PATH = "/all-sessions"
_MOST = 500


def add_all_sessions(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page, and the form that ends one."""
    secure = control.settings.public_url.startswith("https:")

    @app.get(_PATH, response_class=HTMLResponse)
    def page(request: Request, visitor: Visitor) -> Response:
        found = control.sessions.everybody(visitor.identity)
        people = len({email for email, _ in found})
        glance = f"{count(len(found), 'session')} of {count(people, 'person', 'people')} now."
        return pages.render(request, "all_sessions", visitor, found=found[:_MOST], most=_MOST, glance=glance)

    @app.post(_PATH + "/{session_id}/end")
    def end(
        visitor: Writer,
        session_id: str,
        email: Annotated[str, Form(max_length=320)],
        reason: Annotated[str, Form(max_length=2000)],
    ) -> Response:
        control.sessions.end_of(visitor.identity, email, session_id, reason)
        response = RedirectResponse(_PATH, 303)
        tell(response, visitor, Told(f"A session of {email} is ended; they may sign in again."), secure=secure)
        return response

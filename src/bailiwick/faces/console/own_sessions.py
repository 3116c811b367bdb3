"""A person's own sessions: the browsers and programs that act for them, and the forms that end one or all."""

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import COOKIE, Visitor, Writer
from bailiwick.faces.console.words import count

_PATH = "/sessions"


def add_own_sessions(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page and its forms."""

    @app.get(_PATH, response_class=HTMLResponse)
    def own(request: Request, visitor: Visitor) -> Response:
        held = control.sessions.held(visitor.identity)
        browsers = [item for item in held if item.kind == "browser"]
        programs = [item for item in held if item.kind == "program"]
        glance = f"{count(len(browsers), 'browser')} and {count(len(programs), 'program')} act as you now."
        return pages.render(request, "sessions", visitor, glance=glance, browsers=browsers, programs=programs)

    @app.post(f"{_PATH}/end-all")
    def end_all(visitor: Writer) -> Response:
        control.sessions.end_all(visitor.identity)
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(COOKIE, path="/")
        return response

    @app.post(_PATH + "/{session_id}/end")
    def end(visitor: Writer, session_id: str) -> Response:
        control.sessions.end(visitor.identity, session_id)
        return RedirectResponse(_PATH, 303)

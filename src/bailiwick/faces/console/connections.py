"""A person's own connections: where apps act in their name at other services, and the forms that begin and end that."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import FastAPI, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.consents import PAGE, Connection, Onward
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import State, count

_STATES = {
    "connected": State("connected", "good"),
    "lapsed": State("connect again", "bad"),
    "open": State("not connected", "plain"),
}
Told = Annotated[str, Query(max_length=4000)]


def add_connections(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page, its forms, and where services send browsers back."""

    @app.get(PAGE, response_class=HTMLResponse)
    def own(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            found = control.consents.connections(session, visitor.identity)
        lines = [(item, _STATES[item.state]) for item in found]
        return pages.render(request, "connections", visitor, glance=_glance(found), lines=lines)

    @app.post(PAGE + "/{integration}/{plane}/begin", response_class=HTMLResponse)
    def begin(request: Request, visitor: Writer, integration: str, plane: str) -> Response:
        # A form may not end at another origin (our content security policy), but its page may lead there.
        onward = control.consents.begin(visitor, integration, plane)
        return pages.render(
            request, "connect", visitor, onward=onward, integration=integration, plane=plane, asked=False
        )

    @app.get(PAGE + "/{integration}/callback")
    def callback(
        visitor: Visitor, integration: str, state: Told = "", code: Told = "", iss: Told = "", error: Told = ""
    ) -> Response:
        control.consents.finish(visitor, integration, state=state, code=code, issuer=iss, error=error)
        return RedirectResponse(PAGE, 303)

    @app.post(PAGE + "/{integration}/agreed", response_class=HTMLResponse)
    def agreed(
        request: Request,
        visitor: Writer,
        integration: str,
        state: Annotated[str, Form(max_length=200)],
        plane: Annotated[str, Form(max_length=63)],
    ) -> Response:
        found = control.consents.finish_typed(visitor, integration, state=state)
        if isinstance(found, Onward):
            return pages.render(
                request, "connect", visitor, onward=found, integration=integration, plane=plane, asked=True
            )
        return RedirectResponse(PAGE, 303)

    @app.post(PAGE + "/{integration}/{plane}/end")
    def end(
        visitor: Writer, integration: str, plane: str, reason: Annotated[str, Form(max_length=2000)] = ""
    ) -> Response:
        control.consents.end(visitor.identity, integration, plane, reason)
        return RedirectResponse(PAGE, 303)


def _glance(found: Sequence[Connection]) -> str:
    if not found:
        return "No app that you may use acts in your name at another service."
    lapsed = sum(item.state == "lapsed" for item in found)
    if lapsed:
        return f"{count(lapsed, 'connection')} must be given again: apps are refused there until you do."
    connected = sum(item.state == "connected" for item in found)
    return f"{count(connected, 'account')} of yours {'is' if connected == 1 else 'are'} connected, of {len(found)}."

"""How long the audit log is kept, what holds keep longer, and the forms that place and lift a hold."""

from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.audit import Scope
from bailiwick.control.identity import ORGANIZATION
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import count

_PATH = "/retention"
Text = Annotated[str, Form(max_length=300)]


def add_retention(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page and its forms."""

    @app.get(_PATH, response_class=HTMLResponse)
    def page(request: Request, visitor: Visitor) -> Response:
        status, holds = control.retention.status(visitor.identity), control.retention.holds(visitor.identity)
        with control.store.transaction() as session:
            place = control.authorizer.decide(session, visitor.identity, "audit.hold", ORGANIZATION)
        glance = (
            f"{count(status.size, 'event')}; each is kept for {status.rules.days} days at least as a rule, "
            f"and {count(status.holds, 'hold keeps', 'holds keep')} some longer."
        )
        return pages.render(
            request, "retention", visitor, retained=status, holds=holds, may_hold=place.within_reach, glance=glance
        )

    @app.post(f"{_PATH}/holds")
    def hold(
        visitor: Writer, name: Text, reason: Annotated[str, Form(max_length=2000)], actor: Text = "",
        about: Annotated[str, Form(alias="app", max_length=300)] = "", resource: Text = "",
    ) -> Response:  # fmt: skip
        scope = Scope(actor=actor.strip(), app=about.strip(), resource=resource.strip())
        control.retention.place(visitor.identity, name.strip(), scope, reason)
        return RedirectResponse(_PATH, 303)

    @app.post(_PATH + "/holds/{name}/lift")
    def lift(visitor: Writer, name: str, reason: Annotated[str, Form(max_length=2000)]) -> Response:
        control.retention.lift(visitor.identity, name, reason)
        return RedirectResponse(_PATH, 303)

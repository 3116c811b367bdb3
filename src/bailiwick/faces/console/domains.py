"""The host names of an app on its page: which it has, and the forms that give and take them."""

from typing import Annotated, Any

from fastapi import FastAPI, Form
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.catalog import App
from bailiwick.core.principals import Identity
from bailiwick.faces.console.sessions import Writer

Host = Annotated[str, Form(max_length=300)]
Why = Annotated[str, Form(max_length=2000)]


def add_domains(app: FastAPI, control: ControlPlane) -> None:
    """Add the forms."""

    @app.post("/apps/{path:path}/domains/remove")
    def unbind(visitor: Writer, path: str, host: Host, reason: Why) -> Response:
        control.domains.unbind(visitor.identity, path, host, reason)
        return RedirectResponse(f"/apps/{path}#domains", 303)

    @app.post("/apps/{path:path}/domains")
    def bind(visitor: Writer, path: str, host: Host, reason: Why) -> Response:
        control.domains.bind(visitor.identity, path, host, reason)
        return RedirectResponse(f"/apps/{path}#domains", 303)


def domains_view(control: ControlPlane, session: Session, identity: Identity, app: App) -> dict[str, Any]:
    """Return what the app's page shows of its names."""
    return {
        "domains": [
            (item, control.settings.app_url.format(host=item.host))
            for item in control.domains.of_app(session, identity, app.path)
        ],
        "may_bind": control.domains.explain_change(session, identity, app.path),
    }

"""Help and commands: the page that says how the console is used, and the list that the palette searches."""

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor

_MOST_APPS = 200


def add_help(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the help page and the palette's list of apps."""

    @app.get("/help", response_class=HTMLResponse)
    def help_page(request: Request, visitor: Visitor) -> Response:
        return pages.render(request, "help", visitor)

    @app.get("/commands.json")
    def commands(visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            found = control.catalog.list_apps(session, visitor.identity, limit=_MOST_APPS).apps
        listed = [{"words": app.path, "address": f"/apps/{app.path}"} for app in found]
        listed += [{"words": f"kill {app.path}", "address": f"/apps/{app.path}#kill"} for app in found]
        return JSONResponse(listed)

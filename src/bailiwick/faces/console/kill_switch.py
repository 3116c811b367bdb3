"""The kill switch: what it would stop, said before the click; the page that is two keystrokes from anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.observe import AppStatus
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import count, listed

_RECENT = timedelta(minutes=5)
_ENOUGH = 200
_RUNNING = ("running", "starting")


@dataclass(frozen=True, slots=True)
class Target:
    """An app that runs, and what a kill would stop."""

    path: str
    radius: str


def add_kill_switch(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page of all that can be stopped, and the forms that stop an app and bring it back."""

    @app.get("/kill", response_class=HTMLResponse)
    def choose(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            running: dict[str, list[AppStatus]] = {}
            for item in control.observe.statuses(session):
                if item.status in _RUNNING and not control.stops.standing_in(session, item.app, item.mode):
                    running.setdefault(item.app, []).append(item)
            targets = [
                Target(path, blast_radius(control, session, path, statuses))
                for path, statuses in running.items()
                if control.authorizer.decide(session, visitor.identity, "app.kill", f"app:{path}").within_reach
            ]
        return pages.render(request, "kill", visitor, targets=targets)

    @app.post("/apps/{path:path}/kill")
    def kill(visitor: Writer, path: str, reason: Annotated[str, Form()] = "") -> Response:
        control.stops.kill(visitor.identity, path, reason)
        return RedirectResponse(f"/apps/{path}", 303)

    @app.post("/apps/{path:path}/revive")
    def revive(visitor: Writer, path: str, reason: Annotated[str, Form()] = "") -> Response:
        control.stops.revive(visitor.identity, path, reason)
        return RedirectResponse(f"/apps/{path}", 303)


def blast_radius(control: ControlPlane, session: Session, path: str, statuses: Sequence[AppStatus]) -> str:
    """Return in a sentence what a kill of an app stops, and whom it meets."""
    running = sorted((item.mode for item in statuses if item.status in _RUNNING), reverse=True)
    releases = f"{count(len(running), 'release')} ({listed(running)})" if running else "nothing that runs now"
    return f"Stops {releases}; {_people(control, session, path)} in the last five minutes."


def _people(control: ControlPlane, session: Session, path: str) -> str:
    since = control.clock() - _RECENT
    served = search(session, AuditQuery(app=path, action="request.served", since=since), limit=_ENOUGH)
    people = {item.event.actor for item in served.events if item.event.actor.startswith("user:")}
    if not people:
        return "nobody used it"
    least = "at least " if served.cursor else ""
    return f"{least}{count(len(people), 'person', 'people')} used it"

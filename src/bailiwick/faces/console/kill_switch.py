"""The kill switch: what it would stop, said before the click; the page that is two keystrokes from anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import FastAPI, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.identity import ORGANIZATION, SignedIn
from bailiwick.control.observe import AppStatus
from bailiwick.control.stops import MOST_DRAIN_SECONDS, Kill
from bailiwick.core.policy import Decision
from bailiwick.core.stops import StopKind, StopScope
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import count, listed
from bailiwick.faces.stops import radius_of

_RECENT = timedelta(minutes=5)
_ENOUGH = 200
_RUNNING = ("running", "starting", "asleep")


@dataclass(frozen=True, slots=True)
class Target:
    """An app that runs, and what a kill would stop."""

    path: str
    radius: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A stop that stands, and whether the visitor may lift it."""

    kill: Kill
    lift: Decision


def add_kill_switch(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page of what is stopped and can be, the page that confirms a stop, and the forms."""
    _add_pages(app, control, pages)
    _add_forms(app, control)


def _add_pages(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    @app.get("/kill", response_class=HTMLResponse)
    def choose(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            standing = [
                Standing(kill, control.stops.explain_lift(session, visitor.identity, kill.scope))
                for kill in control.stops.seen(session, visitor.identity)
            ]
            targets = _targets(control, session, visitor)
            wide = control.authorizer.explain(session, visitor.identity, "stop.start", ORGANIZATION)
            names = _names(control, session) if wide.within_reach else []
        return pages.render(
            request,
            "kill",
            visitor,
            standing=standing,
            targets=targets,
            wide=wide,
            names=names,
            glance=_glance(standing),
        )

    @app.get("/kill/new", response_class=HTMLResponse)
    def confirm(
        request: Request,
        visitor: Visitor,
        kind: StopKind,
        subject: Annotated[str, Query(max_length=300)] = "",
    ) -> Response:
        scope = _scope(kind, subject)
        with control.store.transaction() as session:
            radius = radius_of(control, session, visitor.identity, scope)
        return pages.render(request, "kill_new", visitor, scope=scope, radius=radius, most_drain=MOST_DRAIN_SECONDS)


def _add_forms(app: FastAPI, control: ControlPlane) -> None:
    @app.post("/kill")
    def stop(
        visitor: Writer,
        kind: Annotated[StopKind, Form()],
        subject: Annotated[str, Form(max_length=300)] = "",
        reason: Annotated[str, Form(max_length=2000)] = "",
        security: Annotated[Literal["", "yes"], Form()] = "",
        drain: Annotated[int, Form(ge=0, le=MOST_DRAIN_SECONDS)] = 0,
    ) -> Response:
        scope = _scope(kind, subject)
        made = control.stops.stop(visitor.identity, scope, reason, security=bool(security), drain_seconds=drain)
        return RedirectResponse(f"/kill#{made.id}", 303)

    @app.post("/kill/lift")
    def lift(
        visitor: Writer,
        scope: Annotated[str, Form(max_length=310)],
        reason: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        control.stops.lift(visitor.identity, StopScope.parse(scope), reason)
        return RedirectResponse("/kill", 303)

    @app.post("/apps/{path:path}/kill")
    def kill(
        visitor: Writer,
        path: str,
        reason: Annotated[str, Form()] = "",
        security: Annotated[Literal["", "yes"], Form()] = "",
    ) -> Response:
        control.stops.stop(visitor.identity, StopScope(StopKind.APP, path), reason, security=bool(security))
        return RedirectResponse(f"/apps/{path}", 303)

    @app.post("/apps/{path:path}/revive")
    def revive(visitor: Writer, path: str, reason: Annotated[str, Form()] = "") -> Response:
        control.stops.revive(visitor.identity, path, reason)
        return RedirectResponse(f"/apps/{path}", 303)


def _scope(kind: StopKind, subject: str) -> StopScope:
    return StopScope.parse(kind if kind is StopKind.EVERYTHING else f"{kind}:{subject}")


def _targets(control: ControlPlane, session: Session, visitor: SignedIn) -> list[Target]:
    """Return the apps that run and that the visitor may stop."""
    standing = control.stops.now(session)
    running: dict[str, list[AppStatus]] = {}
    for item in control.observe.statuses(session):
        if item.status in _RUNNING and not standing.on_app_in(item.app, item.mode):
            running.setdefault(item.app, []).append(item)
    for path in control.previews.register.live(session):
        if not standing.on_app_in(path, "preview"):
            running.setdefault(path, [])
    return [
        Target(path, blast_radius(control, session, path, statuses))
        for path, statuses in running.items()
        if control.authorizer.decide(session, visitor.identity, "app.kill", f"app:{path}").within_reach
    ]


def _names(control: ControlPlane, session: Session) -> list[str]:
    """Return what a form proposes to name: folders, integrations, models and planes."""
    found = [f"{folder.path}" for folder in control.catalog.folders(session)]
    return [*found, *control.integrations.enabled(session), *control.settings.planes]


def _glance(standing: Sequence[Standing]) -> str:
    if not standing:
        return "Nothing is stopped. Choose what to stop: it is stopped on every plane at once."
    verb = "stands" if len(standing) == 1 else "stand"
    first = standing[0].kill
    return f"{count(len(standing), 'stop')} {verb}: {first.scope.words} by {first.by}: {first.because}."


def blast_radius(control: ControlPlane, session: Session, path: str, statuses: Sequence[AppStatus]) -> str:
    """Return in a sentence what a kill of an app stops, and whom it meets."""
    running = sorted((item.mode for item in statuses if item.status in _RUNNING), reverse=True)
    branches = control.previews.register.live(session).get(path, 0)
    running += [count(branches, "preview of a branch", "previews of branches")] if branches else []
    number = len(running) - bool(branches) + branches
    releases = f"{count(number, 'release')} ({listed(running)})" if running else "nothing that runs now"
    return f"Stops {releases}; {_people(control, session, path)} in the last five minutes."


def _people(control: ControlPlane, session: Session, path: str) -> str:
    since = control.clock() - _RECENT
    served = search(session, AuditQuery(app=path, action="request.served", since=since), limit=_ENOUGH)
    people = {item.event.actor for item in served.events if item.event.actor.startswith("user:")}
    if not people:
        return "nobody used it"
    least = "at least " if served.cursor else ""
    return f"{least}{count(len(people), 'person', 'people')} used it"

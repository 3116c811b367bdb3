"""Exporters: how each fares in words, and the forms that test, pause, resume and replay one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.exporters import ExporterStatus, in_words
from bailiwick.control.identity import ORGANIZATION, SignedIn
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import State, count, listed

_PAGE = "/exporters"


@dataclass(frozen=True, slots=True)
class ExporterView:
    """An exporter as the page shows it."""

    status: ExporterStatus
    state: State
    health: str


def add_exporters(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page of exporters and its forms."""

    @app.get(_PAGE, response_class=HTMLResponse)
    def exporters(request: Request, visitor: Visitor, tested: str = "") -> Response:
        now = control.clock()
        views = [
            ExporterView(item, _state(item), in_words(item, now))
            for item in control.exporters.statuses(visitor.identity)
        ]
        with control.store.transaction() as session:
            may = control.authorizer.explain(session, visitor.identity, "exporter.manage", ORGANIZATION)
            fields = _fields(control, session, visitor)
        known = tested if tested in {view.status.name for view in views} else ""
        return pages.render(
            request, "exporters", visitor, exporters=views, may=may, glance=_glance(views), tested=known, fields=fields
        )

    @app.post(_PAGE + "/{name}/test")
    def test(visitor: Writer, name: str) -> Response:
        control.exporters.test(visitor.identity, name)
        return RedirectResponse(f"{_PAGE}?tested={name}", 303)

    @app.post(_PAGE + "/{name}/pause")
    def pause(visitor: Writer, name: str, reason: Annotated[str, Form()] = "") -> Response:
        control.exporters.pause(visitor.identity, name, reason)
        return RedirectResponse(_PAGE, 303)

    @app.post(_PAGE + "/{name}/resume")
    def resume(visitor: Writer, name: str, reason: Annotated[str, Form()] = "") -> Response:
        control.exporters.resume(visitor.identity, name, reason)
        return RedirectResponse(_PAGE, 303)

    @app.post(_PAGE + "/{name}/replay")
    def replay(
        visitor: Writer, name: str, first: Annotated[int, Form(ge=0)], reason: Annotated[str, Form()] = ""
    ) -> Response:
        control.exporters.replay(visitor.identity, name, first, reason)
        return RedirectResponse(_PAGE, 303)


def _fields(control: ControlPlane, session: Session, visitor: SignedIn) -> str:
    """Return in words which fields leave, empty for whoever may not see that."""
    if not control.authorizer.decide(session, visitor.identity, "telemetry.read", ORGANIZATION).allowed:
        return ""
    states = control.telemetry.states(session, visitor.identity)
    leave = sum(item.on for item in states)
    waiting = sum(item.new and not item.on for item in states)
    words = f"{leave:,} of {count(len(states), 'field')} in the register leave"
    return f"{words}; {count(waiting, 'new one is', 'new ones are')} off." if waiting else f"{words}."


def _state(status: ExporterStatus) -> State:
    if status.paused:
        return State("paused", "warn")
    if status.failing_since is not None:
        return State("failing", "bad")
    return State("sending" if status.behind else "up to date", "good")


def _glance(views: Sequence[ExporterView]) -> str:
    if not views:
        return "The audit log is passed on to nobody."
    failing = [view.status.name for view in views if view.state.word == "failing"]
    paused = [view.status.name for view in views if view.state.word == "paused"]
    if failing:
        return f"{listed(failing)} of {count(len(views), 'exporter')} {'fails' if len(failing) == 1 else 'fail'}."
    if paused:
        return f"{listed(paused)} of {count(len(views), 'exporter')} {'is' if len(paused) == 1 else 'are'} paused."
    return f"{count(len(views), 'exporter')}; every receiver takes what it is sent."

"""Freezes in the console: the switch, what it would meet before the click, and what stands with what runs under it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.freeze import Affected, Freeze, Scope, scope_of
from bailiwick.control.identity import ORGANIZATION, SignedIn
from bailiwick.core.policy import Decision
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import Kind, State, count

FreezeBy = Literal["everything", "package", "rule", "integration", "folder"]
_KINDS: dict[str, Kind] = {"running": "warn", "stopped": "bad", "held": "bad"}


@dataclass(frozen=True, slots=True)
class Line:
    """A freeze that stands, what runs under it, and what the visitor may do about it."""

    freeze: Freeze
    radius: str
    affected: tuple[tuple[Affected, State], ...]
    lift: Decision
    stoppable: bool


def add_freezes(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page of freezes, the page that confirms one, and the forms."""
    _add_pages(app, control, pages)
    _add_forms(app, control)


def _add_pages(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    @app.get("/freezes", response_class=HTMLResponse)
    def listing(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            lines = _lines(control, session, visitor)
            start = control.authorizer.explain(session, visitor.identity, "freeze.start", ORGANIZATION)
        glance = freeze_words([line.freeze for line in lines]) or "Nothing is frozen: deploys go on as approvals allow."
        return pages.render(request, "freezes", visitor, lines=lines, start=start, glance=glance)

    @app.get("/freezes/new", response_class=HTMLResponse)
    def confirm(request: Request, visitor: Visitor, kind: FreezeBy, subject: str = "", versions: str = "") -> Response:
        scope = _scope(kind, subject, versions)
        with control.store.transaction() as session:
            affected = control.freezes.would_cover(session, visitor.identity, scope)
        return pages.render(
            request,
            "freeze_new",
            visitor,
            scope=scope,
            kind=kind,
            subject=subject,
            versions=versions,
            radius=_radius(affected),
            affected=_with_state(affected),
        )


def _add_forms(app: FastAPI, control: ControlPlane) -> None:
    @app.post("/freezes")
    def start(
        visitor: Writer,
        kind: Annotated[FreezeBy, Form()],
        subject: Annotated[str, Form(max_length=300)] = "",
        versions: Annotated[str, Form(max_length=300)] = "",
        reason: Annotated[str, Form(max_length=2000)] = "",
        stop: Annotated[Literal["", "yes"], Form()] = "",
    ) -> Response:
        made = control.freezes.start(visitor.identity, _scope(kind, subject, versions), reason)
        if stop:
            control.freezes.stop_affected(visitor.identity, made.id)
        return RedirectResponse(f"/freezes#{made.id}", 303)

    @app.post("/freezes/{freeze_id}/lift")
    def lift(visitor: Writer, freeze_id: str, reason: Annotated[str, Form(max_length=2000)] = "") -> Response:
        control.freezes.lift(visitor.identity, freeze_id, reason)
        return RedirectResponse("/freezes", 303)

    @app.post("/freezes/{freeze_id}/stop")
    def stop_affected(visitor: Writer, freeze_id: str) -> Response:
        control.freezes.stop_affected(visitor.identity, freeze_id)
        return RedirectResponse(f"/freezes#{freeze_id}", 303)


def freeze_words(freezes: Sequence[Freeze]) -> str:
    """Return in a sentence what is frozen, by whom and why; empty when nothing is."""
    if not freezes:
        return ""
    first = f"{freezes[0].scope.words[:1].upper()}{freezes[0].scope.words[1:]}"
    more = f", and {count(len(freezes) - 1, 'other freeze')}" if len(freezes) > 1 else ""
    return f"{first} is frozen by {freezes[0].started_by}: {freezes[0].reason}{more}."


def _lines(control: ControlPlane, session: Session, visitor: SignedIn) -> list[Line]:
    return [
        Line(
            view.freeze,
            _radius(view.affected),
            _with_state(view.affected),
            control.freezes.explain_lift(session, visitor.identity, view.freeze),
            any(
                item.state == "running"
                and not item.fix
                and control.authorizer.decide(session, visitor.identity, "app.kill", f"app:{item.app}").within_reach
                for item in view.affected
            ),
        )
        for view in control.freezes.standing(session, visitor.identity)
    ]


def _scope(kind: FreezeBy, subject: str, versions: str) -> Scope:
    if kind == "everything":
        return scope_of(everything=True)
    return scope_of(**{kind: subject.strip(), "versions": versions.strip()})  # type: ignore[arg-type]


def _radius(affected: Sequence[Affected]) -> str:
    apps = len({item.app for item in affected})
    live = sum(item.mode == "production" and item.state == "running" for item in affected)
    if not affected:
        return "No app that runs is covered."
    verb = "is" if apps == 1 else "are"
    return f"{count(apps, 'app')} that you may see {verb} covered, {live} of them running in production."


def _with_state(affected: Sequence[Affected]) -> tuple[tuple[Affected, State], ...]:
    return tuple(
        (item, State("fix", "good") if item.fix else State(item.state, _KINDS[item.state])) for item in affected
    )

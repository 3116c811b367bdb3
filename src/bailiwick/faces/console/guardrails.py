"""Guardrails in the console: what is said about apps at work, how it is for one, and the form that changes it."""

from typing import Annotated, Literal

from fastapi import FastAPI, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.guardrails import GuardrailDraft
from bailiwick.core.guardrails import SECTIONS, Environment, value_of
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import count

Short = Annotated[str, Form(max_length=60)]
Place = Annotated[str, Form(max_length=300)]


def add_guardrails(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page of guardrails, that of an app, and the forms."""
    service = control.guardrails

    @app.get("/guardrails", response_class=HTMLResponse)
    def listing(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            found = service.listing(session, visitor.identity)
            earlier = service.earlier(session, visitor.identity)
            change = service.explain_change(session, visitor.identity)
            folders = [item.path for item in control.catalog.folders(session)] if change.within_reach else []
        said = f"{count(len(found), 'place')} in force" if found else "Nothing is said"
        return pages.render(
            request,
            "guardrails",
            visitor,
            found=found,
            earlier=earlier,
            change=change,
            folders=folders,
            sections=SECTIONS,
            usual={name: model().model_dump(mode="json") for name, model in SECTIONS.items()},
            glance=f"{said}; where it is not, the usual values hold.",
        )

    @app.get("/guardrails/for", response_class=HTMLResponse)
    def effective(
        request: Request,
        visitor: Visitor,
        app: Annotated[str, Query(max_length=300)],
        environment: Literal["preview", "production"] = "production",
    ) -> Response:
        with control.store.transaction() as session:
            settings = service.settings(session, visitor.identity, app, environment)
        return pages.render(
            request,
            "guardrails_of_app",
            visitor,
            app=app,
            environment=environment,
            settings=settings,
            sections=SECTIONS,
            said=sum(1 for item in settings if item.place),
        )

    @app.post("/guardrails")
    def put(
        visitor: Writer,
        field: Annotated[str, Form(max_length=130)],
        value: Annotated[str, Form(max_length=2000)],
        place: Place = "organization:default",
        environment: Annotated[Environment, Form()] = "",
        binding: Annotated[bool, Form()] = False,
        reason: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        section, _, name = field.partition(".")
        draft = GuardrailDraft(section, place, {name: value_of(value)}, environment, binding)
        service.set(visitor.identity, draft, reason)
        return RedirectResponse("/guardrails", 303)

    @app.post("/guardrails/remove")
    def remove(
        visitor: Writer,
        section: Short,
        place: Place,
        environment: Annotated[Environment, Form()] = "",
        name: Short = "",
        reason: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        names = (name,) if name else ()
        service.remove(visitor.identity, section, place, reason, environment=environment, names=names)
        return RedirectResponse("/guardrails", 303)

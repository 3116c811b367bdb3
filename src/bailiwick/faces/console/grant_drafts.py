"""The page of one database: tables with data classes, a grant from a plain question, what apps used of theirs."""

from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.grant_drafts import LONGEST_QUESTION, Became, Catalogue
from bailiwick.control.identity import ORGANIZATION
from bailiwick.core.principals import Identity
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import State, count
from bailiwick.faces.drafts import draft_document, uniqueness_words

_KINDS = {
    Became.GIVEN: State("given", "good"),
    Became.LIMITED: State("limited", "good"),
    Became.WITHHELD: State("withheld", "plain"),
    Became.NOT_GIVEN: State("not given", "warn"),
    Became.NOT_UNDERSTOOD: State("not understood", "bad"),
}
Short = Annotated[str, Form(max_length=300)]


def add_grant_drafts(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page of a database, that of a draft, and their forms."""
    _add_tables(app, control, pages)
    _add_drafts(app, control, pages)


def _add_tables(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    @app.get("/integrations/{name}", response_class=HTMLResponse)
    def tables(request: Request, visitor: Visitor, name: str, usage: bool = False) -> Response:
        with control.store.transaction() as session:
            control.authorizer.require(session, visitor.identity, "integration.read", f"integration:{name}")
            integration = control.integrations.integration(session, name)
            found = control.catalogues.catalogue(session, name)
            waiting = control.catalogues.waits(session, name)
            drafts = control.grant_drafts.recent(session, name)
            change = control.authorizer.decide(session, visitor.identity, "integration.manage", ORGANIZATION)
            known = control.known_identities.known(session, visitor.identity, name) if change.allowed else []
            uses = _uses(control, session, visitor.identity, name) if change.allowed and usage else []
        return pages.render(
            request,
            "integration",
            visitor,
            system=name,
            places=sorted(integration.connections),
            found=found,
            waiting=waiting,
            drafts=drafts,
            change=change,
            uses=uses,
            usage=usage,
            known=known,
            longest=LONGEST_QUESTION,
            glance=_glance(found, name, waiting=waiting),
        )

    @app.post("/integrations/{name}/look")
    def look(visitor: Writer, name: str, plane: Short = "") -> Response:
        control.catalogues.look(visitor.identity, name, plane)
        return RedirectResponse(f"/integrations/{name}", 303)

    @app.post("/integrations/{name}/classes")
    def confirm(visitor: Writer, name: str, column: Short, data_class: Short = "") -> Response:
        control.catalogues.confirm(visitor.identity, name, {column: data_class.strip()})
        return RedirectResponse(f"/integrations/{name}#{column}", 303)

    @app.post("/integrations/{name}/ask")
    def ask(visitor: Writer, name: str, question: Annotated[str, Form(max_length=2000)] = "") -> Response:
        draft = control.grant_drafts.ask(visitor.identity, name, question)
        return RedirectResponse(f"/integrations/{name}/drafts/{draft.id}", 303)

    @app.post("/integrations/{name}/narrower")
    def narrower(visitor: Writer, name: str, app: Short) -> Response:
        draft = control.grant_usage.narrower(visitor.identity, name, app)
        return RedirectResponse(f"/integrations/{name}/drafts/{draft.id}", 303)


def _add_drafts(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    @app.get("/integrations/{name}/drafts/{draft}", response_class=HTMLResponse)
    def one(request: Request, visitor: Visitor, name: str, draft: str) -> Response:
        with control.store.transaction() as session:
            control.authorizer.require(session, visitor.identity, "integration.read", f"integration:{name}")
            found = control.grant_drafts.draft(session, name, draft)
            preview = control.grant_previews.preview(session, draft)
            change = control.authorizer.decide(session, visitor.identity, "integration.manage", ORGANIZATION)
            shows = control.grant_previews.may(session, visitor.identity, name, "")
            integration = control.integrations.integration(session, name)
        open_now = preview is not None and preview.until > control.clock()
        return pages.render(
            request,
            "grant_draft",
            visitor,
            system=name,
            found=found,
            document=draft_document(found),
            kinds=_KINDS,
            preview=preview,
            page=control.grant_previews.page(preview) if preview is not None and open_now else "",
            counted=[uniqueness_words(item) for item in (preview.counted or () if preview is not None else ())],
            places=sorted(integration.connections),
            change=change,
            shows=shows,
        )

    @app.post("/integrations/{name}/drafts/{draft}/preview")
    def preview(visitor: Writer, name: str, draft: str, plane: Short = "", person: Short = "") -> Response:
        control.grant_previews.order(visitor.identity, name, draft, plane=plane, person=person.strip())
        return RedirectResponse(f"/integrations/{name}/drafts/{draft}#preview", 303)

    @app.post("/integrations/{name}/drafts/{draft}/save")
    def save(
        visitor: Writer,
        name: str,
        draft: str,
        rule: Short = "",
        reason: Annotated[str, Form(max_length=2000)] = "",
        wider: Annotated[bool, Form()] = False,
        replaces: Annotated[bool, Form()] = False,
    ) -> Response:
        control.grant_drafts.save(
            visitor.identity, name, draft, rule=rule, reason=reason, wider=wider, replaces=replaces
        )
        return RedirectResponse(f"/integrations/{name}/drafts/{draft}", 303)


def _uses(control: ControlPlane, session: Session, identity: Identity, name: str) -> list[tuple[str, str, bool]]:
    """Return each app with what it used of its grant in words, and whether less would have done."""
    found = control.grant_usage.uses(session, identity, name)
    return [(item.app, item.words, item.could_be_narrower) for item in found]


def _glance(found: Catalogue | None, name: str, *, waiting: bool) -> str:
    if waiting:
        return f"A data plane is looking what tables {name} has. Open this page again in a moment."
    if found is None:
        return f"Nobody has looked yet what tables {name} has."
    if found.fault:
        return f"The plane {found.plane} could not see the tables of {name}: {found.fault}."
    columns = [column for table in found.tables for column in table.columns]
    unsure = sum(1 for column in columns if column.data_class and not column.confirmed)
    waits = f"; what {count(unsure, 'column')} of them hold waits for somebody to confirm it" if unsure else ""
    what = f"{count(len(found.tables), 'table')} with {count(len(columns), 'column')}"
    return f"{what}, seen by the plane {found.plane}{waits}."
